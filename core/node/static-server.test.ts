import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveStatic, type StaticServer } from "./static-server.ts";

const folder = mkdtempSync(join(tmpdir(), "lastack-static-"));
const root = join(folder, "root");
mkdirSync(join(root, "assets"), { recursive: true });
writeFileSync(join(folder, "secret.txt"), "secret");
writeFileSync(join(root, "index.html"), "<p>page</p>");
writeFileSync(join(root, "assets/a b.js"), "1");
writeFileSync(join(root, "engine.wasm"), "2");
writeFileSync(join(root, ".env"), "secret");
symlinkSync(join(folder, "secret.txt"), join(root, "link.txt"));

let server: StaticServer;
beforeAll(async () => {
  server = await serveStatic(root);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** As it is: fetch would tidy the path before it is sent. */
function ask(path: string, { method = "GET", host }: { method?: string; host?: string } = {}): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    const sent = request({ hostname, port, path, method, headers, insecureHTTPParser: true }, (response) => {
      let body = "";
      response.setEncoding("latin1");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => {
        const type = response.headers["content-type"] ?? "";
        resolve({ status: response.statusCode ?? 0, type, body, headers: response.headers });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("the browser edition's server", () => {
  test("listens on loopback, and hands out files with their types and a policy", async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await ask("/")).toMatchObject({ status: 200, type: "text/html; charset=utf-8", body: "<p>page</p>" });
    expect(await ask("/index.html?query#x")).toMatchObject({ status: 200 });
    expect(await ask("/assets/a%20b.js")).toMatchObject({ status: 200, type: "text/javascript; charset=utf-8" });
    expect(await ask("/engine.wasm")).toMatchObject({ status: 200, type: "application/wasm" });
    const { headers } = await ask("/nothing");
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test("answers GET and HEAD only", async () => {
    expect(await ask("/", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      expect(await ask("/", { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
  });

  test("shows itself under this machine's names only", async () => {
    const { port } = new URL(server.url);
    expect(await ask("/", { host: `localhost:${port}` })).toMatchObject({ status: 200 });
    for (const host of ["example.org", `example.org:${port}`, "127.0.0.1", "127.0.0.1:1"]) {
      expect((await ask("/", { host })).status, host).toBeGreaterThanOrEqual(400);
    }
  });

  test("keeps to its folder", async () => {
    const outside = [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/assets/../../secret.txt",
      "/..%5csecret.txt",
      "//secret.txt",
      "/link.txt",
      "/.env",
      "/%",
      "/%00",
      "/index.html%00.js",
      "/assets",
      "/assets/",
      "*",
    ];
    for (const path of outside) {
      const { status, body } = await ask(path);
      expect(status, path).toBeGreaterThanOrEqual(400);
      expect(body, path).not.toContain("secret");
    }
  });

  test("no path of any make gets out", async () => {
    const part = fc.constantFrom("..", "%2e%2e", ".", "secret.txt", "assets", "%2f", "\\", "%5c", "root", "", "%c0%ae");
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const { body } = await ask(`/${parts.join("/")}`);
        expect(body).not.toContain("secret");
      }),
      { numRuns: 200 },
    );
  });

  test("hands out a text that is no file, by its exact path and under the same rules", async () => {
    const other = await serveStatic(root, 0, { "/opened/1-2.json": '{"a":1}' });
    const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(new URL(path, other.url), init);
    expect(await (await get("/opened/1-2.json")).json()).toEqual({ a: 1 });
    expect((await get("/opened/1-2.json")).headers.get("cache-control")).toBe("no-store");
    expect((await get("/opened/1-2.json", { method: "POST" })).status).toBe(405);
    for (const path of ["/opened/", "/opened/1-3.json", "/constructor", "/__proto__"]) {
      expect((await get(path)).status, path).toBe(404);
    }
    await other.close();
  });

  test("takes another port when its own is in use", async () => {
    const port = Number(new URL(server.url).port);
    const second = await serveStatic(root, port);
    expect(second.url).not.toBe(server.url);
    await second.close();
  });
});
