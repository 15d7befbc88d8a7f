/** Tokens for canvases, read once for each theme. */
import { FLIGHT_PROTOCOLS } from "../../core/contract/api/run-view.ts";
import { PROTOCOL_LOOKS } from "../theme/protocols.ts";
import { token } from "../theme/theme.ts";

const NAMES = {
  background: "bg-0",
  panel: "bg-2",
  text: "text",
  text2: "text-2",
  text3: "text-3",
  cable: "cable",
  accent: "accent",
  ok: "ok",
  warn: "warn",
  danger: "danger",
  onDanger: "proto-ink",
  line: "line-strong",
  grid: "grid-dot",
} as const;

export type CanvasColors = Readonly<Record<keyof typeof NAMES, string>> & {
  /** By FLIGHT_PROTOCOLS. */
  readonly protocols: readonly string[];
  readonly protocolInk: string;
};

export function canvasColors(): CanvasColors {
  const colors = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, token(name)]));
  return {
    ...(colors as Record<keyof typeof NAMES, string>),
    protocols: FLIGHT_PROTOCOLS.map((name) => token(PROTOCOL_LOOKS[name].color)),
    protocolInk: token("proto-ink"),
  };
}
