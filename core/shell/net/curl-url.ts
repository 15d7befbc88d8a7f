/** URLs of the http scheme, as far as curl needs them (RFC 3986): taken apart, and relative references resolved. */

export interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** From `/` on, with the query. */
  readonly path: string;
  /** `user:password`; empty for none. */
  readonly user: string;
}

const HTTP_PORT = 80;

/** What is wrong with a URL, as curl names it. */
export type UrlProblem = { readonly problem: string; readonly status: number };

export function parseUrl(text: string): Url | UrlProblem {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase() ?? "http";
  if (scheme !== "http") {
    return { problem: `Protocol "${scheme}" not supported or disabled in libcurl`, status: 1 };
  }
  const rest = text.replace(/^[A-Za-z]+:\/\//, "").replace(/#.*$/s, "");
  const match = /^(?:([^/?@]*)@)?([^/?:@\s]+)(?::(\d*))?([/?][^\s]*)?$/.exec(rest);
  if (match === null) return { problem: "URL using bad/illegal format or missing URL", status: 3 };
  const [, user = "", host = "", portText = "", path = "/"] = match;
  const port = portText === "" ? HTTP_PORT : Number(portText);
  if (port < 1 || port > 65_535) return { problem: "URL using bad/illegal format or missing URL", status: 3 };
  return { scheme, host, port, path: path.startsWith("/") ? path : `/${path}`, user };
}

export const hostOf = ({ host, port }: Url): string => (port === HTTP_PORT ? host : `${host}:${port}`);

export const urlText = (url: Url): string => `${url.scheme}://${hostOf(url)}${url.path}`;

/** Where a Location header leads from `base`. */
export function resolveUrl(base: Url, location: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(location)) return location;
  if (location.startsWith("//")) return `${base.scheme}:${location}`;
  const origin = `${base.scheme}://${hostOf(base)}`;
  if (location.startsWith("/")) return origin + location;
  const directory = base.path.replace(/\?.*$/s, "").replace(/[^/]*$/, "");
  if (location.startsWith("?")) return `${origin}${base.path.replace(/\?.*$/s, "")}${location}`;
  return origin + withoutDots(directory + location);
}

/** Section 5.2.4: `.` and `..` segments are worked off. */
function withoutDots(path: string): string {
  const query = /\?.*$/s.exec(path)?.[0] ?? "";
  const segments: string[] = [];
  const parts = path.replace(/\?.*$/s, "").split("/").slice(1);
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === "..") segments.pop();
    if (part !== "." && part !== "..") segments.push(part);
    else if (isLast) segments.push("");
  }
  return `/${segments.join("/")}${query}`;
}
