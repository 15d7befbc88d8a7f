/**
 * Features are found by their `contribution.ts`: each registers its panes and commands itself. They are fetched all at
 * once and run one after the other, by name: menus and the palette list things in the order of their registration.
 */
import.meta.glob<object>("./*/contribution.ts", { eager: true });
