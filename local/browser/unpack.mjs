// Unpacks the browser of @sparticuz/chromium, with its libraries and fonts: node unpack.mjs FOLDER
// The package itself unpacks into /tmp, where two checkouts would meet.
import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { extract } from "tar-fs";

const packed = new URL("node_modules/@sparticuz/chromium/bin/", import.meta.url);
const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const unpack = (name, into) => pipeline(createReadStream(new URL(name, packed)), createBrotliDecompress(), into);
await Promise.all([
  unpack("chromium.br", createWriteStream(`${folder}/chromium`, { mode: 0o755 })),
  unpack("al2023.tar.br", extract(folder)),
  unpack("fonts.tar.br", extract(folder)),
]);
writeFileSync(`${folder}/fonts.conf`, `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="relative">cache</cachedir></fontconfig>
`);
