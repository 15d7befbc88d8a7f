/** Draws cables: plugged in, in somebody's hand, springing back, hanging loose; with what is written on them. */
import type { LinkView } from "../../core/contract/api/lab-view.ts";
import type { LinkState, NodeState } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { progressOf, wobble, type CablePull } from "./cable-pull.ts";
import { looseEnd, pointOn, type Cable } from "./cables.ts";
import type { CanvasColors } from "./canvas-colors.ts";
import { CANVAS_FONT, textScale } from "./canvas-text.ts";
import { CONDITION_TEXTS, conditionOf, type LinkCondition } from "./link-condition.ts";

export interface CableScene {
  readonly cables: readonly (Cable | null)[];
  readonly links: readonly LinkView[];
  readonly states: readonly LinkState[];
  readonly nodes: readonly NodeState[];
  readonly labels: { readonly shown: readonly string[]; readonly all: readonly string[] };
  readonly showsLabels: boolean;
  readonly showsInterfaces: boolean;
  readonly selected: ReadonlySet<string>;
  readonly hovered: number | null;
  readonly pull: CablePull;
  readonly colors: CanvasColors;
  readonly zoom: number;
  readonly wallMs: number;
}

/** Texts are not drawn below this zoom: nobody could read them. */
const TEXT_ZOOM_MIN = 0.5;

export function paintCables(context: OffscreenCanvasRenderingContext2D, scene: CableScene): void {
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const cable of scene.cables) if (cable !== null) paintCable(context, scene, cable);
  if (scene.zoom < TEXT_ZOOM_MIN) return;
  const taken: Box[] = [];
  for (const cable of scene.cables) if (cable !== null) paintTexts(context, scene, cable, taken);
}

/** Where something is written already: a text that would lie on another is left out. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function isFree(box: Box, taken: readonly Box[]): boolean {
  return taken.every(
    (other) =>
      box.left > other.left + other.width ||
      box.left + box.width < other.left ||
      box.top > other.top + other.height ||
      box.top + box.height < other.top,
  );
}

function paintCable(context: OffscreenCanvasRenderingContext2D, scene: CableScene, cable: Cable): void {
  const { colors, states, pull, wallMs } = scene;
  const state = states[cable.index];
  const condition = conditionAt(scene, cable);
  const isSelected = scene.selected.has(cable.name);
  const isHovered = scene.hovered === cable.index;
  context.strokeStyle = isSelected ? colors.accent : isHovered ? colors.text2 : colors.cable;
  context.lineWidth = isSelected || isHovered ? 3 : 2;
  context.setLineDash([]);
  const held = pull.pull?.link === cable.index ? pull.pull : null;
  if (held?.mode === "pull") return paintStretched(context, scene, cable, held);
  const spring = pull.springs.find(({ link }) => link === cable.index);
  if (spring !== undefined && spring.kind !== "recoil") {
    const swing = wobble(progressOf(spring, wallMs));
    const rest = pointOn(cable, spring.fraction);
    const middle = { x: rest.x + (spring.from.x - rest.x) * swing, y: rest.y + (spring.from.y - rest.y) * swing };
    if (spring.kind === "caught") context.strokeStyle = colors.ok;
    return strokeThrough(context, cable, middle, spring.fraction);
  }
  if (condition === "unplugged") return paintLoose(context, scene, cable, { held, recoil: spring ?? null });
  const isOneWay = condition === "one-way";
  if (isOneWay && !isSelected) context.strokeStyle = colors.warn;
  if (condition !== "up") context.setLineDash(isOneWay ? [8, 5] : [3, 6]);
  strokeCable(context, cable);
  context.setLineDash([]);
  if (isOneWay) paintArrow(context, cable, state?.forwardUp === true, colors.warn);
}

function conditionAt({ links, states, nodes }: CableScene, { index }: Cable): LinkCondition {
  const link = links[index];
  return link === undefined ? "up" : conditionOf(link, states[index], nodes);
}

function strokeCable(context: OffscreenCanvasRenderingContext2D, cable: Cable): void {
  context.beginPath();
  context.moveTo(cable.a.x, cable.a.y);
  context.quadraticCurveTo(cable.control.x, cable.control.y, cable.b.x, cable.b.y);
  context.stroke();
}

/** Through a point that somebody holds. */
function strokeThrough(
  context: OffscreenCanvasRenderingContext2D,
  { a, b }: Cable,
  through: Place,
  fraction: number,
): void {
  // Two curves that bend towards the hand, so that it looks like rubber and not like a stick.
  const soft = (end: Place, weight: number): Place => ({
    x: end.x + (through.x - end.x) * 0.6 + (b.x - a.x) * weight * 0.12,
    y: end.y + (through.y - end.y) * 0.6 + (b.y - a.y) * weight * 0.12,
  });
  const [left, right] = [soft(a, fraction), soft(b, fraction - 1)];
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.quadraticCurveTo(left.x, left.y, through.x, through.y);
  context.quadraticCurveTo(right.x, right.y, b.x, b.y);
  context.stroke();
}

function paintStretched(
  context: OffscreenCanvasRenderingContext2D,
  { colors }: CableScene,
  cable: Cable,
  { pointer, tension }: { readonly pointer: Place; readonly tension: number },
): void {
  context.strokeStyle = tension > 0.75 ? colors.danger : tension > 0.4 ? colors.warn : colors.accent;
  // Rubber gets thinner.
  context.lineWidth = 3.4 - 1.6 * Math.min(1, tension);
  strokeThrough(context, cable, pointer, 0.5);
  context.fillStyle = context.strokeStyle;
  context.beginPath();
  context.arc(pointer.x, pointer.y, 5, 0, 2 * Math.PI);
  context.fill();
}

function paintLoose(
  context: OffscreenCanvasRenderingContext2D,
  { colors, pull, wallMs }: CableScene,
  cable: Cable,
  { held, recoil }: { readonly held: CablePull["pull"]; readonly recoil: CablePull["springs"][number] | null },
): void {
  const color = context.strokeStyle;
  context.lineWidth = 1.2;
  context.strokeStyle = held?.willCatch === true ? colors.ok : colors.line;
  context.setLineDash([2, 7]);
  strokeCable(context, cable);
  context.setLineDash([]);
  context.lineWidth = 2;
  for (const side of [0, 1] as const) {
    const { root, knee, plug } = looseEnd(cable, side);
    let end = plug;
    if (held?.side === side) end = held.pointer;
    else if (recoil !== null) {
      const swing = 1 - easeOutBack(progressOf(recoil, wallMs));
      end = {
        x: plug.x + (recoil.from.x - plug.x) * swing,
        y: plug.y + (recoil.from.y - plug.y) * swing,
      };
    }
    context.strokeStyle = held?.side === side && pull.pull?.willCatch === true ? colors.ok : color;
    const center = side === 0 ? cable.a : cable.b;
    context.beginPath();
    context.moveTo(center.x, center.y);
    context.lineTo(root.x, root.y);
    context.quadraticCurveTo(knee.x, knee.y, end.x, end.y);
    context.stroke();
    paintPlug(context, knee, end, colors);
  }
}

/** An RJ45 plug, seen from the side: a small box with a nose. */
function paintPlug(context: OffscreenCanvasRenderingContext2D, from: Place, at: Place, colors: CanvasColors): void {
  const angle = Math.atan2(at.y - from.y, at.x - from.x);
  context.save();
  context.translate(at.x, at.y);
  context.rotate(angle);
  context.fillStyle = colors.danger;
  context.beginPath();
  context.roundRect(-4, -4.5, 9, 9, 1.5);
  context.fill();
  context.fillRect(5, -2.5, 4, 5);
  context.restore();
}

function paintArrow(context: OffscreenCanvasRenderingContext2D, cable: Cable, isForward: boolean, color: string): void {
  const { x, y, dx, dy } = pointOn(cable, 0.5);
  const way = isForward ? 1 : -1;
  context.save();
  context.translate(x, y);
  context.rotate(Math.atan2(dy * way, dx * way));
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(9, 0);
  context.lineTo(-6, -7);
  context.lineTo(-6, 7);
  context.fill();
  context.restore();
}

function paintTexts(context: OffscreenCanvasRenderingContext2D, scene: CableScene, cable: Cable, taken: Box[]): void {
  const { colors } = scene;
  const scale = textScale(scene.zoom);
  const condition = conditionAt(scene, cable);
  const isDown = condition === "unplugged" || condition === "no-carrier";
  const isPointed = scene.hovered === cable.index || scene.selected.has(cable.name);
  if ((scene.showsLabels || isPointed || isDown) && scene.pull.pull?.link !== cable.index) {
    const labels = isPointed ? scene.labels.all : scene.labels.shown;
    const text = isDown ? CONDITION_TEXTS[condition] : (labels[cable.index] ?? "");
    const color = condition === "unplugged" ? colors.danger : colors.text3;
    if (cable.length > 110 * scale || isPointed || isDown) {
      paintBeside(context, cable, { text, color, colors, fraction: 0.5, scale, taken });
    }
  }
  if (!scene.showsInterfaces && !isPointed) return;
  // Far enough from the node to be read, and never beyond the middle.
  const along = Math.min(0.3, (26 * scale) / cable.length);
  scene.links[cable.index]?.ends.forEach(({ nic }, side) => {
    const fraction = side === 0 ? along : 1 - along;
    paintBeside(context, cable, { text: nic, color: colors.text3, colors, fraction, scale, taken });
  });
}

interface Writing {
  readonly text: string;
  readonly color: string;
  readonly colors: CanvasColors;
  /** Where along the cable. */
  readonly fraction: number;
  readonly scale: number;
  readonly taken: Box[];
}

/** On the upper side of a cable, so that neither it nor what moves on it is hidden. */
function paintBeside(context: OffscreenCanvasRenderingContext2D, cable: Cable, writing: Writing): void {
  const { text, color, colors, fraction, scale, taken } = writing;
  if (text === "") return;
  const { x, y, dx, dy } = pointOn(cable, fraction);
  // The normal that points up; to the right for an upright cable.
  const side = dx < 0 || (dx === 0 && dy < 0) ? -1 : 1;
  const [nx, ny] = [dy * side, -dx * side];
  context.font = `${11 * scale}px ${CANVAS_FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 8 * scale;
  const reach = 9 + scale * 8 * Math.abs(ny) + (Math.abs(nx) * width) / 2;
  const box = { left: x + nx * reach - width / 2, top: y + ny * reach - 8 * scale, width, height: 16 * scale };
  if (!isFree(box, taken)) return;
  taken.push(box);
  const { left, top } = box;
  context.globalAlpha = 0.85;
  context.fillStyle = colors.background;
  context.fillRect(left, top, width, 16 * scale);
  context.globalAlpha = 1;
  context.fillStyle = color;
  context.fillText(text, left + width / 2, top + 8.5 * scale);
}

function easeOutBack(progress: number): number {
  const pull = 1.7;
  return 1 + (pull + 1) * (progress - 1) ** 3 + pull * (progress - 1) ** 2;
}
