/** Does not run: compiles only while the library is what its declarations say. */
import type * as lastack from "lastack";
import type * as socket from "lastack/socket";
import type * as fs from "lastack/fs";
import type * as log from "lastack/log";
import * as lastackModule from "./lastack.ts";
import * as socketModule from "./socket.ts";
import * as fsModule from "./fs.ts";
import * as logModule from "./log.ts";

export const checked = [
  lastackModule satisfies typeof lastack,
  socketModule satisfies typeof socket,
  fsModule satisfies typeof fs,
  // A log is made by `open` alone: its constructor is nobody's business.
  logModule satisfies { readonly Log: Pick<typeof log.Log, "open"> },
];
