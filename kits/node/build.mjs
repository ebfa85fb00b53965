// Builds dist/esm and dist/cjs with tsc. The same sources are compiled twice: TypeScript
// chooses the module format by the "type" of the nearest package.json.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";

const tsc = ["node_modules/typescript/bin/tsc"];
const commonjs = "build/cjs";

rmSync("dist", { recursive: true, force: true });
rmSync(commonjs, { recursive: true, force: true });
execFileSync(process.execPath, [...tsc, "--project", "tsconfig.json"], { stdio: "inherit" });

cpSync("src", `${commonjs}/src`, { recursive: true });
rmSync(`${commonjs}/src/vitest.ts`); // Vitest has no CommonJS
writeFileSync(`${commonjs}/package.json`, '{"type": "commonjs"}\n');
writeFileSync(
  `${commonjs}/tsconfig.json`,
  JSON.stringify({
    extends: "../../tsconfig.json",
    compilerOptions: { rootDir: "src", outDir: "../../dist/cjs" },
    include: ["src"],
  }),
);
execFileSync(process.execPath, [...tsc, "--project", `${commonjs}/tsconfig.json`], { stdio: "inherit" });

for (const format of ["esm", "cjs"]) {
  mkdirSync(`dist/${format}`, { recursive: true });
  cpSync("src/api.d.ts", `dist/${format}/api.d.ts`);
}
writeFileSync("dist/cjs/package.json", '{"type": "commonjs"}\n');
