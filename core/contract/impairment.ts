/** Jitter and loss of one direction of a link, as labs, commands and cables all describe them. */

/** Added to or taken from the delay. Uniform: +-spread; normal: sigma = spread; Pareto: as netem's table, scaled. */
export type Jitter = {
  /** ns. */
  readonly spreadNs: number;
  readonly distribution: "uniform" | "normal" | "pareto";
};

/** Probabilities are fractions of 1, per frame. */
export type Loss =
  | { readonly kind: "independent"; readonly probability: number }
  | {
      /**
       * Two states (Gilbert 1960, Elliott 1963): p good to bad, r back to good, and the loss in either (tc-netem(8),
       * `loss gemodel`).
       */
      readonly kind: "gilbert-elliott";
      readonly p: number;
      readonly r: number;
      readonly lossGood: number;
      readonly lossBad: number;
    };
