// Reads a JSON array of tasks from standard input: { provider, action: "sign" | "verify", body, url, secret, privateKey, publicKey, now, id, headers }.
// Writes a JSON array of answers: { headers, url, body } for "sign", { ok } for "verify", { error } for what failed.
// "sign" uses the vendor's own signing function; where the vendor only verifies, node:crypto signs and the vendor's function must accept it.
import { createHmac, createPublicKey, sign as signWithKey } from "node:crypto";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const Clock = Date;
const require = createRequire(import.meta.url);
const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const attempt = async (check) => {
  try {
    return (await check()) !== false;
  } catch {
    return false;
  }
};

/** A form as frameworks parse it: repeated names become arrays. */
function formOf(body) {
  const form = {};
  for (const [name, value] of new URLSearchParams(body)) {
    form[name] = name in form ? [].concat(form[name], value) : value;
  }
  return form;
}

function webhookLibrary(load, prefix) {
  return {
    async sign({ secret, body, now, id }) {
      const { Webhook } = await load();
      const signature = new Webhook(secret).sign(id, new Date(now * 1000), body);
      return { headers: { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: String(now), [`${prefix}-signature`]: signature } };
    },
    async verify({ secret, body, headers }) {
      const { Webhook } = await load();
      return attempt(() => void new Webhook(secret).verify(body, lower(headers)));
    },
  };
}

async function accepted(provider, task, headers) {
  if (!(await provider.verify({ ...task, headers }))) {
    throw new Error("the vendor's library refuses what node:crypto signed");
  }
  return { headers };
}

function hubspot(version) {
  const Signature = () => require("@hubspot/api-client").Signature;
  const options = ({ secret, body, url, now }) => ({ clientSecret: secret, requestBody: body, url, timestamp: now * 1000 });
  const name = version === "v3" ? "X-HubSpot-Signature-v3" : "X-HubSpot-Signature";
  return {
    sign: (task) => ({
      headers: {
        [name]: Signature().getSignature("POST", version, options(task)),
        "X-HubSpot-Request-Timestamp": String(task.now * 1000),
        "X-HubSpot-Signature-Version": version,
      },
    }),
    verify: (task) =>
      attempt(() => Signature().isValid({ method: "POST", signatureVersion: version, ...options(task), signature: task.headers[name] })),
  };
}

const providers = {
  stripe: {
    sign({ secret, body, now }) {
      const Stripe = require("stripe");
      const stripe = new (Stripe.default ?? Stripe)("sk_" + "test_unused");
      return { headers: { "Stripe-Signature": stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: now }) } };
    },
    verify({ secret, body, headers }) {
      const Stripe = require("stripe");
      const stripe = new (Stripe.default ?? Stripe)("sk_" + "test_unused");
      return attempt(() => void stripe.webhooks.constructEvent(body, headers["Stripe-Signature"], secret));
    },
  },

  github: {
    async sign({ secret, body }) {
      const { sign } = await import("@octokit/webhooks-methods");
      return { headers: { "X-Hub-Signature-256": await sign(secret, body) } };
    },
    async verify({ secret, body, headers }) {
      const { verify } = await import("@octokit/webhooks-methods");
      return verify(secret, body, headers["X-Hub-Signature-256"]);
    },
  },

  "twilio-form": {
    sign({ secret, body, url }) {
      const { getExpectedTwilioSignature } = require("twilio/lib/webhooks/webhooks");
      return {
        headers: {
          "X-Twilio-Signature": getExpectedTwilioSignature(secret, url, formOf(body)),
          "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        },
      };
    },
    verify({ secret, body, url, headers }) {
      const { validateRequest } = require("twilio");
      return attempt(() => validateRequest(secret, headers["X-Twilio-Signature"], url, formOf(body)));
    },
  },

  "twilio-json": {
    sign({ secret, body, url }) {
      const { getExpectedTwilioSignature, getExpectedBodyHash } = require("twilio/lib/webhooks/webhooks");
      const address = `${url}${url.includes("?") ? "&" : "?"}bodySHA256=${getExpectedBodyHash(body)}`;
      return { url: address, headers: { "X-Twilio-Signature": getExpectedTwilioSignature(secret, address, {}), "Content-Type": "application/json" } };
    },
    verify({ secret, body, url, headers }) {
      const { validateRequestWithBody } = require("twilio");
      return attempt(() => validateRequestWithBody(secret, headers["X-Twilio-Signature"], url, body));
    },
  },

  svix: webhookLibrary(() => import("svix"), "svix"),
  standardwebhooks: webhookLibrary(() => import("standardwebhooks"), "webhook"),

  slack: {
    sign(task) {
      const signature = "v0=" + createHmac("sha256", task.secret).update(`v0:${task.now}:${task.body}`).digest("hex");
      return accepted(this, task, { "X-Slack-Signature": signature, "X-Slack-Request-Timestamp": String(task.now) });
    },
    verify({ secret, body, headers, now }) {
      const { verifySlackRequest } = require("@slack/bolt/dist/receivers/verify-request.js");
      const named = lower(headers);
      named["x-slack-request-timestamp"] = Number(named["x-slack-request-timestamp"]);
      return attempt(() => void verifySlackRequest({ signingSecret: secret, body, headers: named, nowMilliseconds: now * 1000 }));
    },
  },

  sendgrid: {
    sign(task) {
      const signature = signWithKey("sha256", Buffer.from(task.now + task.body), task.privateKey).toString("base64");
      return accepted(this, task, {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": String(task.now),
      });
    },
    verify({ publicKey, body, headers }) {
      const { EventWebhook } = require("@sendgrid/eventwebhook");
      const webhook = new EventWebhook();
      return attempt(() =>
        webhook.verifySignature(
          webhook.convertPublicKeyToECDSA(publicKey),
          body,
          headers["X-Twilio-Email-Event-Webhook-Signature"],
          headers["X-Twilio-Email-Event-Webhook-Timestamp"],
        ),
      );
    },
  },

  discord: {
    sign(task) {
      const signature = signWithKey(null, Buffer.from(task.now + task.body), task.privateKey).toString("hex");
      return accepted(this, task, { "X-Signature-Ed25519": signature, "X-Signature-Timestamp": String(task.now) });
    },
    async verify({ publicKey, body, headers }) {
      const { verifyKey } = await import("discord-interactions");
      return attempt(() => verifyKey(body, headers["X-Signature-Ed25519"], headers["X-Signature-Timestamp"], publicKey));
    },
  },

  "hubspot-v1": hubspot("v1"),
  "hubspot-v2": hubspot("v2"),
  "hubspot-v3": hubspot("v3"),

  shopify: {
    sign(task) {
      return accepted(this, task, {
        "X-Shopify-Hmac-Sha256": createHmac("sha256", task.secret).update(task.body).digest("base64"),
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Shop-Domain": "example.myshopify.com",
        "X-Shopify-API-Version": "2025-10",
        "X-Shopify-Webhook-Id": task.id,
      });
    },
    async verify({ secret, body, headers }) {
      await import("@shopify/shopify-api/adapters/node");
      const { shopifyApi, ApiVersion, LogSeverity } = await import("@shopify/shopify-api");
      const shopify = shopifyApi({
        apiKey: "key",
        apiSecretKey: secret,
        hostName: "hub.example",
        isEmbeddedApp: false,
        apiVersion: Object.values(ApiVersion)[0],
        logger: { level: LogSeverity.Error, log: () => {} },
      });
      const complete = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Shop-Domain": "example.myshopify.com",
        "X-Shopify-API-Version": "2025-10",
        "X-Shopify-Webhook-Id": "id",
        ...headers,
      };
      const rawRequest = { method: "POST", url: "/webhooks", headers: lower(complete) };
      return attempt(async () => (await shopify.webhooks.validate({ rawBody: body, rawRequest, rawResponse: {} })).valid);
    },
  },

  linear: {
    sign(task) {
      return accepted(this, task, { "Linear-Signature": createHmac("sha256", task.secret).update(task.body).digest("hex") });
    },
    verify({ secret, body, headers }) {
      const { LinearWebhookClient } = require("@linear/sdk/webhooks");
      return attempt(() => new LinearWebhookClient(secret).verify(Buffer.from(body), headers["Linear-Signature"]));
    },
  },

  notion: {
    async sign({ secret, body }) {
      const { signWebhookPayload } = require("@notionhq/client");
      return { headers: { "X-Notion-Signature": await signWebhookPayload({ body, verificationToken: secret }) } };
    },
    verify({ secret, body, headers }) {
      const { verifyWebhookSignature } = require("@notionhq/client");
      return verifyWebhookSignature({ body, signature: headers["X-Notion-Signature"], verificationToken: secret });
    },
  },

  sanity: {
    async sign({ secret, body, now }) {
      const { encodeSignatureHeader } = await import("@sanity/webhook");
      return { headers: { "sanity-webhook-signature": await encodeSignatureHeader(body, now * 1000, secret) } };
    },
    async verify({ secret, body, headers }) {
      const { isValidSignature } = await import("@sanity/webhook");
      return attempt(() => isValidSignature(body, headers["sanity-webhook-signature"], secret));
    },
  },

  square: {
    sign(task) {
      const signature = createHmac("sha256", task.secret).update(task.url + task.body).digest("base64");
      return accepted(this, task, { "x-square-hmacsha256-signature": signature });
    },
    verify({ secret, body, url, headers }) {
      const { WebhooksHelper } = require("square");
      return attempt(() =>
        WebhooksHelper.verifySignature({
          requestBody: body,
          signatureHeader: headers["x-square-hmacsha256-signature"],
          signatureKey: secret,
          notificationUrl: url,
        }),
      );
    },
  },

  cloudinary: {
    sign({ secret, body, now }) {
      const { v2 } = require("cloudinary");
      return { headers: { "X-Cld-Signature": v2.utils.webhook_signature(body, now, { api_secret: secret }), "X-Cld-Timestamp": String(now) } };
    },
    verify({ secret, body, headers }) {
      const { v2 } = require("cloudinary");
      v2.config({ api_secret: secret });
      return attempt(() => v2.utils.verifyNotificationSignature(body, Number(headers["X-Cld-Timestamp"]), headers["X-Cld-Signature"]));
    },
  },

  adyen: {
    sign({ secret, body }) {
      const HmacValidator = require("@adyen/api-library").hmacValidator;
      const message = JSON.parse(body);
      const item = message.notificationItems[0].NotificationRequestItem;
      item.additionalData = { ...item.additionalData, hmacSignature: new HmacValidator().calculateHmac(item, secret) };
      return { headers: {}, body: JSON.stringify(message) };
    },
    verify({ secret, body }) {
      const HmacValidator = require("@adyen/api-library").hmacValidator;
      return attempt(() => new HmacValidator().validateHMAC(JSON.parse(body).notificationItems[0].NotificationRequestItem, secret));
    },
  },
};

/** Vendors whose library only verifies: node:crypto signs, and the library must accept it. */
const verifying = {
  // Standard Webhooks under the names of their users, each with its own library.
  resend: {
    headers: ({ secret, body, now, id }) => standard("svix", secret, body, now, id),
    async verify({ secret, body, headers }) {
      const { Resend } = await import("resend");
      const [id, timestamp, signature] = ["svix-id", "svix-timestamp", "svix-signature"].map((name) => headers[name]);
      new Resend("re_" + "unused").webhooks.verify({ payload: body, headers: { id, timestamp, signature }, webhookSecret: secret });
    },
  },
  clerk: {
    headers: ({ secret, body, now, id }) => standard("svix", secret, body, now, id),
    async verify({ secret, body, headers }) {
      const { verifyWebhook } = await import("@clerk/backend/webhooks");
      await verifyWebhook(new Request("https://hub.example/", { method: "POST", headers, body }), { signingSecret: secret });
    },
  },
  openai: {
    headers: ({ secret, body, now, id }) => standard("webhook", secret, body, now, id),
    async verify({ secret, body, headers }) {
      const { default: OpenAI } = await import("openai");
      await new OpenAI({ apiKey: "sk-" + "unused" }).webhooks.unwrap(body, headers, secret);
    },
  },
  workos: {
    headers: ({ secret, body, now }) => ({ "WorkOS-Signature": `t=${now * 1000}, v1=${hmac("sha256", secret, `${now * 1000}.${body}`)}` }),
    async verify({ secret, body, headers }) {
      const { WorkOS } = await import("@workos-inc/node");
      const workos = new WorkOS("sk_" + "unused", { clientId: "client_unused" });
      await workos.webhooks.constructEvent({ payload: JSON.parse(body), sigHeader: headers["WorkOS-Signature"], secret });
    },
  },
  paddle: {
    headers: ({ secret, body, now }) => ({ "Paddle-Signature": `ts=${now};h1=${hmac("sha256", secret, `${now}:${body}`)}` }),
    async verify({ secret, body, headers, now }) {
      const { Paddle } = await import("@paddle/paddle-node-sdk");
      // It allows five seconds, which the libraries before it may take to load.
      globalThis.Date = class extends Date {
        constructor(...given) {
          super(...(given.length > 0 ? given : [now * 1000]));
        }
      };
      return new Paddle("unused").webhooks.isSignatureValid(body, secret, headers["Paddle-Signature"]).finally(() => (globalThis.Date = Clock));
    },
  },
  line: {
    headers: ({ secret, body }) => ({ "x-line-signature": hmac("sha256", secret, body, "base64") }),
    async verify({ secret, body, headers }) {
      const { validateSignature } = await import("@line/bot-sdk");
      return validateSignature(body, secret, headers["x-line-signature"]);
    },
  },
  razorpay: {
    headers: ({ secret, body }) => ({ "X-Razorpay-Signature": hmac("sha256", secret, body) }),
    verify({ secret, body, headers }) {
      const { validateWebhookSignature } = require("razorpay/dist/utils/razorpay-utils");
      return validateWebhookSignature(body, headers["X-Razorpay-Signature"], secret);
    },
  },
  gocardless: {
    headers: ({ secret, body }) => ({ "Webhook-Signature": hmac("sha256", secret, body) }),
    verify({ secret, body, headers }) {
      const { parse } = require("gocardless-nodejs/webhooks");
      parse(body, secret, headers["Webhook-Signature"]);
    },
  },
  coinbase: {
    headers: ({ secret, body }) => ({ "X-CC-Webhook-Signature": hmac("sha256", secret, body) }),
    verify({ secret, body, headers }) {
      const { Webhook } = require("coinbase-commerce-node");
      Webhook.verifySigHeader(body, headers["X-CC-Webhook-Signature"], secret);
    },
  },
  meta: {
    // The library of GitHub's octokit takes the same construction; Meta publishes no verifier.
    headers: ({ secret, body }) => ({ "X-Hub-Signature-256": "sha256=" + hmac("sha256", secret, body) }),
    async verify({ secret, body, headers }) {
      const { verify } = await import("@octokit/webhooks-methods");
      return verify(secret, body, headers["X-Hub-Signature-256"]);
    },
  },
};

for (const [name, { headers, verify }] of Object.entries(verifying)) {
  providers[name] = {
    sign: async (task) => accepted(providers[name], task, headers(task)),
    verify: (task) => attempt(() => verify(task)),
  };
}

function hmac(algorithm, secret, text, encoding = "hex") {
  return createHmac(algorithm, secret).update(text).digest(encoding);
}

function standard(prefix, secret, body, now, id) {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: String(now), [`${prefix}-signature`]: "v1," + hmac("sha256", key, `${id}.${now}.${body}`, "base64") };
}

providers.contentful = {
  sign({ secret, method = "POST", url, body, now }) {
    const { signRequest } = require("@contentful/node-apps-toolkit");
    const headers = { "Content-Type": "application/vnd.contentful.management.v1+json", "X-Contentful-Topic": "ContentManagement.Entry.publish" };
    const signed = signRequest(secret, { method, path: new URL(url).pathname, headers, body }, now * 1000);
    return { headers: { ...headers, ...signed } };
  },
  verify({ secret, method = "POST", url, body, headers }) {
    const { verifyRequest } = require("@contentful/node-apps-toolkit");
    return attempt(() => verifyRequest(secret, { method, path: new URL(url).pathname, headers, body }, 0));
  },
};

providers.inngest = {
  async sign({ secret, body, now }) {
    const { signDataWithKey } = await import(new URL("./node_modules/inngest/helpers/net.js", import.meta.url));
    const signature = await signDataWithKey(JSON.parse(body), secret, String(now), { debug() {} });
    return { headers: { "X-Inngest-Signature": `t=${now}&s=${signature}` } };
  },
  async verify({ secret, body, headers }) {
    const { signDataWithKey } = await import(new URL("./node_modules/inngest/helpers/net.js", import.meta.url));
    const sent = new URLSearchParams(headers["X-Inngest-Signature"]);
    return attempt(async () => (await signDataWithKey(JSON.parse(body), secret, sent.get("t"), { debug() {} })) === sent.get("s"));
  },
};

/** Amazon's validator fetches the certificate itself; here it gets one that has the public key of the task. */
providers.sns = {
  sign(task) {
    const message = JSON.parse(task.body);
    const keys =
      message.Type === "Notification"
        ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
    const text = keys.filter((key) => key in message).map((key) => `${key}\n${message[key]}\n`).join("");
    const algorithm = message.SignatureVersion === "2" ? "RSA-SHA256" : "RSA-SHA1";
    message.Signature = signWithKey(algorithm, Buffer.from(text), task.privateKey).toString("base64");
    const body = JSON.stringify(message);
    return accepted(this, { ...task, body }, { "x-amz-sns-message-type": message.Type }).then((answer) => ({ ...answer, body }));
  },
  verify({ body, privateKey }) {
    const https = require("https");
    const Validator = require("sns-validator");
    const { EventEmitter } = require("node:events");
    https.get = (address, answer) => {
      const response = Object.assign(new EventEmitter(), { statusCode: 200 });
      setImmediate(() => {
        answer(response);
        response.emit("data", createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
        response.emit("end");
      });
      return new EventEmitter();
    };
    return attempt(() => new Promise((resolve, reject) => new Validator().validate(body, (error) => (error ? reject(error) : resolve(true)))));
  },
};

// Some libraries hold a signature's time against the clock, a minute at the most: what one of many processes on a busy machine signed must not be late by that.
let clock;
globalThis.Date = new Proxy(Date, {
  construct: (real, args, target) => Reflect.construct(real, args.length === 0 ? [clock ?? real.now()] : args, target),
  get: (real, name, receiver) => (name === "now" ? () => clock ?? real.now() : Reflect.get(real, name, receiver)),
});

const answers = [];
for (const task of JSON.parse(await text(process.stdin))) {
  clock = task.now * 1000;
  try {
    const provider = providers[task.provider];
    answers.push(task.action === "sign" ? await provider.sign(task) : { ok: await provider.verify(task) });
  } catch (error) {
    answers.push({ error: String(error?.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(answers));
