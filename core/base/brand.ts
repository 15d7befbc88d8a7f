/** Numbers that must not be mixed up get a brand, which exists only for the compiler. */
declare const brand: unique symbol;

export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
