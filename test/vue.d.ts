/** Tests see components as opaque: vue-tsc checks those (`-p renderer`). */
declare module "*.vue" {
  import type { Component } from "vue";
  const component: Component;
  export default component;
}
