/** `npm run app`: the desktop app, once there is one. */
console.log("The workbench is not there yet; this runs a lab headless instead, as npm start does.");
await import("./start.mjs");
