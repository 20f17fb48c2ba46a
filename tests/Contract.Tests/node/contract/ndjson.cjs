// Stands in front of the strict validator for newline-delimited JSON, which OpenAPI cannot describe: a vendor's description shows such a body as an array of its lines.
//   node ndjson.cjs PORT TARGET-PORT
// Each line must be JSON and end with a newline, as the vendor demands; then the lines go on as an array. Everything else passes untouched.
const http = require("http");

const [, , port, target] = process.argv;
const refuse = (answer, message) => {
  answer.writeHead(400, { "content-type": "application/json" });
  answer.end(JSON.stringify({ message }));
};

http
  .createServer((request, answer) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const headers = { ...request.headers };
      let body = Buffer.concat(parts);
      if (/x-ndjson/.test(headers["content-type"] || "")) {
        const text = body.toString("utf8");
        if (!text.endsWith("\n")) return refuse(answer, "The last line does not end with a newline.");
        try {
          body = Buffer.from(JSON.stringify(text.slice(0, -1).split("\n").map((line) => JSON.parse(line))));
        } catch (error) {
          return refuse(answer, "A line is not JSON: " + error.message);
        }
        headers["content-type"] = "application/json";
      }
      headers["content-length"] = String(body.length);
      delete headers["transfer-encoding"];
      const onward = http.request({ host: "127.0.0.1", port: target, path: request.url, method: request.method, headers }, (reply) => {
        answer.writeHead(reply.statusCode, reply.headers);
        reply.pipe(answer);
      });
      onward.on("error", (error) => answer.writeHead(502).end(error.message));
      onward.end(body);
    });
  })
  .listen(+port, "127.0.0.1", () => console.log("ready"));
