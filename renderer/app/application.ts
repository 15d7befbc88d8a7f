/** The application before it is shown: its core, which starts at once, its stores, and where its errors go. */
import { createPinia } from "pinia";
import { createApp } from "vue";
import { setCore } from "../stores/core.ts";
import { report } from "../stores/notices.ts";
import App from "./App.vue";
import { startCore } from "./start-core.ts";

setCore(startCore());

export const application = createApp(App);
application.use(createPinia());
application.config.errorHandler = (error) => {
  report(error);
  reportError(error);
};
