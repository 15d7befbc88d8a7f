/** The client's two uses of time, apart so that tests can stand in for the browser. */
export interface ClientClock {
  /** Calls back at the next animation frame; in a hidden window, where there are none, a little later. */
  nextFrame(callback: () => void): void;
  /** @returns how to stop. */
  every(ms: number, callback: () => void): () => void;
}

/** A hidden window still takes journal and console output, four times a second. */
const HIDDEN_FRAME_MS = 250;

export const browserClock: ClientClock = {
  nextFrame(callback) {
    const done = (): void => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      callback();
    };
    const frame = requestAnimationFrame(done);
    const timer = setTimeout(done, HIDDEN_FRAME_MS);
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};
