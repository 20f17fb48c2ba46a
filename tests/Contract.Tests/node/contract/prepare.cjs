// Writes a copy of a vendor's description that the strict validator can judge by.
//   node prepare.cjs DESCRIPTION COPY
// "oneOf" becomes "anyOf" in descriptions whose alternatives overlap ("a string, or strings separated by commas"; "an action, or any document"):
// a value that fits two of them would be refused although the vendor takes it. Patterns that JavaScript cannot read under the "u" flag, which the validator sets, go: one of them would keep the
// whole description from loading. Nothing else is loosened.
const fs = require("fs");
const YAML = require("yaml");

const [, , source, target] = process.argv;
const text = fs.readFileSync(source, "utf8");
const description = source.endsWith(".json") ? JSON.parse(text) : YAML.parse(text, { maxAliasCount: -1 });

const overlap = (node) => {
  if (Array.isArray(node)) node.forEach(overlap);
  else if (node && typeof node === "object") {
    if (Array.isArray(node.oneOf) && !node.discriminator) {
      node.anyOf = node.oneOf;
      delete node.oneOf;
    }
    Object.values(node).forEach(overlap);
  }
};

const readable = (pattern) => {
  try {
    return Boolean(new RegExp(pattern, "u"));
  } catch {
    return false;
  }
};

const patterns = (node) => {
  if (Array.isArray(node)) node.forEach(patterns);
  else if (node && typeof node === "object") {
    if (typeof node.pattern === "string" && !readable(node.pattern)) delete node.pattern;
    Object.values(node).forEach(patterns);
  }
};

overlap(description);
patterns(description);
fs.writeFileSync(target, JSON.stringify(description));
