/** The link tool: the first node chooses, the second connects. On the canvas by clicks, in the list by Enter. */
import { connectNodes } from "../labs/network-actions.ts";
import { report } from "../stores/notices.ts";
import { isLinking, linkSource } from "./current.ts";

/** @returns whether the tool is on, and so has taken the node. */
export function pickForLink(node: string): boolean {
  if (!isLinking.value) return false;
  if (linkSource.value === null) linkSource.value = node;
  else if (linkSource.value !== node) {
    connectNodes(linkSource.value, node).catch(report);
    linkSource.value = null;
  }
  return true;
}
