export function electronRuntime(): string | null;
export function whyNoWindow(): string | null;
export function fetchRuntime(): Promise<string | null>;
