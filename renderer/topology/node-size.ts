/** Half a node's side, in canvas pixels. */
export const NODE_RADIUS = 24;
