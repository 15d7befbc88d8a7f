/** Runs the lab with all its actions and prints its digest: what another process must print as well. */
import type { VirtualTime } from "../../core/base/time.ts";
import { ACTIONS, END, newSession, printOf } from "./lab.ts";

const session = newSession();
for (const [at, command] of ACTIONS) {
  if (session.now < at) session.advance(at as VirtualTime);
  session.inject(command);
}
session.advance(END as VirtualTime);
console.log(JSON.stringify(printOf(session)));
