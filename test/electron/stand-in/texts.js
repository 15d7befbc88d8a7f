/** Values as texts, bytes included: what the two worlds and main tell each other. Stands in both worlds as `TEXTS`. */
(() => {
  const encode = (value) =>
    JSON.stringify(value, (_, part) =>
      part instanceof Uint8Array
        ? { $bytes: btoa(Array.from(part, (byte) => String.fromCharCode(byte)).join("")) }
        : part,
    ) ?? "null";
  const decode = (text) =>
    JSON.parse(text, (_, part) =>
      part !== null && typeof part === "object" && typeof part.$bytes === "string"
        ? Uint8Array.from(atob(part.$bytes), (unit) => unit.charCodeAt(0))
        : part,
    );
  return { encode, decode };
})();
