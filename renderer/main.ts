/**
 * Starts the workbench. The order of these imports is the order of the start: features need the application's stores.
 * The core is a Web Worker here; the desktop app's preload offers a port to its own process instead.
 */
import "./theme/tokens.css";
import "./theme/base.css";
import "./ui/menu.css";
import { application } from "./app/application.ts";
import "./features.ts";
import { registerPaneCommands } from "./app/contribution.ts";

registerPaneCommands();

application.mount("#app");
