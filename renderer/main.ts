/**
 * Starts the workbench. Features are found by their `contribution.ts`: each registers its panes and commands itself.
 * The core is a Web Worker here; the desktop app's preload offers a port to its own process instead.
 */
import "./theme/tokens.css";
import "./theme/base.css";
import "./ui/menu.css";
import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./app/App.vue";
import { registerPaneCommands } from "./app/contribution.ts";
import { startCore } from "./app/start-core.ts";
import { setCore } from "./stores/core.ts";
import { report } from "./stores/notices.ts";

setCore(startCore());

const app = createApp(App);
app.use(createPinia());
app.config.errorHandler = (error) => {
  report(error);
  reportError(error);
};

const features = import.meta.glob<object>("./*/contribution.ts");
// One after the other: menus and the palette list things in the order in which they were registered.
for (const load of Object.values(features)) await load();
registerPaneCommands();

app.mount("#app");
