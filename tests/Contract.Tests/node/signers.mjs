// Signs requests as vendors describe it, with node:crypto alone: an opinion that shares no line with the hub's.
// Reads a JSON array of tasks { sign, body, url, method, secret, user, privateKey, webhookId, now, id } and writes an array of { headers, body, url } or { error }.
import { createHash, createHmac, sign as signWithKey } from "node:crypto";
import { text } from "node:stream/consumers";
import { crc32 } from "node:zlib";

const hmac = (algorithm, secret, message, encoding = "hex") => createHmac(algorithm, secret).update(message).digest(encoding);
const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const iso = (now) => new Date(now * 1000).toISOString();

function jwt(claims, secret) {
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  return `${signed}.${hmac("sha256", secret, signed, "base64url")}`;
}

const minor = { BHD: 3, KWD: 3, OMR: 3 };

const signers = {
  paypal({ body, privateKey, webhookId, now, id }) {
    const time = iso(now).replace(".000", "");
    const message = [id, time, webhookId, crc32(Buffer.from(body))].join("|");
    return {
      headers: {
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        "PAYPAL-CERT-URL": "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-38317689",
        "PAYPAL-TRANSMISSION-ID": id,
        "PAYPAL-TRANSMISSION-TIME": time,
        "PAYPAL-TRANSMISSION-SIG": signWithKey("sha256", Buffer.from(message), privateKey).toString("base64"),
      },
    };
  },
  mailgun({ body, secret }) {
    const message = JSON.parse(body);
    const { timestamp, token } = message.signature;
    message.signature.signature = hmac("sha256", secret, timestamp.concat(token));
    return { headers: {}, body: JSON.stringify(message) };
  },
  zoom: ({ body, secret, now }) => ({
    headers: { "x-zm-signature": "v0=" + hmac("sha256", secret, `v0:${now}:${body}`), "x-zm-request-timestamp": String(now) },
  }),
  gitlab: ({ secret }) => ({ headers: { "X-Gitlab-Token": secret } }),
  graph({ body, secret }) {
    const message = JSON.parse(body);
    for (const notification of message.value) {
      notification.clientState = secret;
    }
    return { headers: {}, body: JSON.stringify(message) };
  },
  google: ({ secret }) => ({
    headers: { "X-Goog-Channel-ID": "channel-1", "X-Goog-Message-Number": "10", "X-Goog-Resource-State": "exists", "X-Goog-Channel-Token": secret },
  }),
  intercom: ({ body, secret }) => ({ headers: { "X-Hub-Signature": "sha1=" + hmac("sha1", secret, body) } }),
  paymob({ body, secret, url }) {
    const { obj } = JSON.parse(body);
    const values = [
      obj.amount_cents, obj.created_at, obj.currency, obj.error_occured, obj.has_parent_transaction, obj.id, obj.integration_id, obj.is_3d_secure, obj.is_auth,
      obj.is_capture, obj.is_refunded, obj.is_standalone_payment, obj.is_voided, obj.order.id, obj.owner, obj.pending, obj.source_data.pan, obj.source_data.sub_type,
      obj.source_data.type, obj.success,
    ];
    return { headers: {}, url: `${url}&hmac=${hmac("sha512", secret, values.join(""))}` };
  },
  tap({ body, secret }) {
    const posted = JSON.parse(body);
    const amount = posted.amount.toFixed(minor[posted.currency] ?? 2);
    const middle =
      posted.object === "invoice"
        ? `x_updated${posted.updated}x_status${posted.status}x_created${posted.created}`
        : `x_gateway_reference${posted.reference.gateway}x_payment_reference${posted.reference.payment}x_status${posted.status}x_created${posted.transaction.created}`;
    return { headers: { hashstring: hmac("sha256", secret, `x_id${posted.id}x_amount${amount}x_currency${posted.currency}${middle}`) } };
  },
  basic: ({ user, secret }) => ({ headers: { Authorization: "Basic " + Buffer.from(`${user}:${secret}`).toString("base64") } }),
  vercel: ({ body, secret }) => ({ headers: { "x-vercel-signature": hmac("sha1", secret, body) } }),
  jira: ({ body, secret }) => ({ headers: { "x-hub-signature": "sha256=" + hmac("sha256", secret, body) } }),
  pagerduty: ({ body, secret }) => ({ headers: { "x-pagerduty-signature": `v1=${hmac("sha256", "another", body)},v1=${hmac("sha256", secret, body)}` } }),
  typeform: ({ body, secret }) => ({ headers: { "typeform-signature": "sha256=" + hmac("sha256", secret, body, "base64") } }),
  docusign: ({ body, secret }) => ({ headers: { "x-docusign-signature-1": hmac("sha256", secret, body, "base64") } }),
  hookdeck: ({ body, secret }) => ({
    headers: { "x-hookdeck-signature": hmac("sha256", "another", body, "base64"), "x-hookdeck-signature-2": hmac("sha256", secret, body, "base64") },
  }),
  zendesk: ({ body, secret, now }) => ({
    headers: { "x-zendesk-webhook-signature": hmac("sha256", secret, iso(now) + body, "base64"), "x-zendesk-webhook-signature-timestamp": iso(now) },
  }),
  calendly: ({ body, secret, now }) => ({ headers: { "Calendly-Webhook-Signature": `t=${now},v1=${hmac("sha256", secret, `${now}.${body}`)}` } }),
  elevenlabs: ({ body, secret, now }) => ({ headers: { "elevenlabs-signature": `t=${now},v0=${hmac("sha256", secret, `${now}.${body}`)}` } }),
  retell: ({ body, secret, now }) => ({ headers: { "x-retell-signature": `v=${now}000,d=${hmac("sha256", secret, `${body}${now}000`)}` } }),
  metronome({ body, secret, now }) {
    const date = new Date(now * 1000).toUTCString();
    return { headers: { "x-metronome-date": date, "metronome-webhook-signature": hmac("sha256", secret, `${date}\n${body}`) } };
  },
  infisical: ({ body, secret, now }) => ({ headers: { "x-infisical-signature": `t=${now}000;${hmac("sha256", secret, body)}` } }),
  plain: ({ body, secret }) => ({ headers: { "plain-request-signature": hmac("sha256", secret, body) } }),
  bearer: ({ secret }) => ({ headers: { Authorization: "Bearer " + secret } }),
  "query-token": ({ url, secret }) => ({ headers: {}, url: `${url}&token=${encodeURIComponent(secret)}` }),
  jwt: ({ secret, now }) => ({ headers: { Authorization: jwt({ iat: now, exp: now + 300, aud: "https://hub.example/" }, secret) } }),
  "jwt-hash": ({ body, secret, now, id }) => ({
    headers: { Authorization: "Bearer " + jwt({ iat: now, jti: id, payload_hash: createHash("sha256").update(body).digest("hex") }, secret) },
  }),
};

const answers = [];
for (const task of JSON.parse(await text(process.stdin))) {
  try {
    const [name, header] = task.sign.split(":");
    answers.push(name === "hex" ? { headers: { [header]: hmac("sha256", task.secret, task.body) } } : signers[name](task));
  } catch (error) {
    answers.push({ error: String(error?.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(answers));
