export function hasBestChromium(): boolean;
export function chromiumPath(): Promise<string | null>;
