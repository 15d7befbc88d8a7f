/** Ways a guest ends that are not an error of its own making: as data, like the others. */
import type { GuestError, GuestFrame, GuestLimits } from "../runtime/sandbox-port.ts";

export function stepsError(limits: GuestLimits, frames: readonly GuestFrame[]): GuestError {
  const steps = String(limits.stepsMax).replace(/\B(?=(\d{3})+$)/g, ",");
  const message = `used up its ${steps} steps: it computes on and on, and no time passes`;
  return { kind: "steps", message, frames };
}

export function requestsError(frames: readonly GuestFrame[]): GuestError {
  return { kind: "requests", message: "has begun more calls than the machine takes without waiting for any", frames };
}

export function sandboxError(message: string): GuestError {
  return { kind: "sandbox", message: `the sandbox broke down: ${message}`, frames: [] };
}

export const NEIGHBOUR_ERROR: GuestError = {
  kind: "neighbour",
  message: "stopped along with a program in the same instance, which was cut off in the middle of an operation",
  frames: [],
};

export function memoryError(): GuestError {
  return { kind: "memory", message: "the memory for all programs is used up", frames: [] };
}
