/** Vite's imports by URL. */
declare module "*?url" {
  const url: string;
  export default url;
}
