using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Abstractions.Tests.Manifests;

/// <summary>A sound manifest with a bit of everything, and changes to it.</summary>
internal static class Some
{
    /// <summary>The example of the manifest's design, comments and all, with its dots filled in.</summary>
    public const string Manifest = """
        {
          "$schema": "../../plugin-abstractions/Manifests/manifest.v1.schema.json",
          "manifestVersion": 1,
          "id": "stripe", "name": "Stripe", "version": "1.0.0",       // SemVer
          "publisher": { "name": "Example", "url": "https://example.com" },
          "description": { "en": "Payments.", "ar": "مدفوعات." },
          "category": "payment",
          "icon": "icon.svg", "docs": "https://docs.example.com",
          "hostApi": "[1.0,2.0)",
          "markets": ["*"], "currencies": ["usd", "sar"], "languages": ["en", "ar"], "dataResidency": [],
          "pricing": { "model": "per_transaction", "url": "https://example.com/pricing", "notes": { "en": "Per payment." } },
          "setup": [ { "en": "Create a restricted key with write access." } ],
          /* the connection's fields */
          "config": {
            "type": "object", "required": ["secretKey"], "additionalProperties": false,
            "properties": {
              "secretKey":     { "type": "string", "pattern": "^(sk|rk)_(test|live)_", "title": { "en": "Secret key" }, "x-secret": true, "x-env": "STRIPE_SECRET_KEY", "x-placeholder": "sk_test_…" },
              "webhookSecret": { "type": "string", "pattern": "^whsec_", "x-secret": true, "x-env": "STRIPE_WEBHOOK_SECRET" },
              "apiVersion":    { "type": "string", "default": "2024-06-20" } } },
          "environments": {
            "prod": { "baseUrl": "https://api.stripe.com", "region": "eu", "x-note": 1 },
            "dev":  { "baseUrl": "https://api.stripe.com", "require": { "secretKey": "_test_" } } },
          "network": { "allow": ["api.stripe.com", "files.stripe.com"] },
          "auth": [
            { "type": "api_key", "apply": { "headers": { "Authorization": "Bearer {config.secretKey}", "Stripe-Version": "{config.apiVersion}" } } } ],
          "limits": { "requestsPerSecond": 100, "burst": 200, "concurrency": 50, "headers": { "remaining": "X-Remaining", "reset": "X-Reset" } },
          "retry":  { "maxAttempts": 4, "baseDelay": "500ms", "maxDelay": "30s", "totalTimeout": "60s", "attemptTimeout": "30s" },
          "breaker":{ "failures": 5, "breakFor": "60s", "successesToClose": 3 },
          "operations": {
            "createPaymentIntent": {
              "title": { "en": "Create a payment intent", "ar": "إنشاء نية دفع" },
              "scopes": ["payment_intents:write"],
              "params": { "type": "object", "required": ["amount", "currency"], "properties": { "amount": { "type": "integer", "minimum": 1 }, "currency": { "type": "string", "pattern": "^[a-z]{3}$" }, "metadata": { "type": "object", "additionalProperties": { "type": "string" } } } },
              "result": { "type": "object", "properties": { "id": { "type": "string" } } },
              "http": { "method": "POST", "path": "/v1/payment_intents", "body": "form" },
              "idempotency": { "header": "Idempotency-Key" },
              "response": { "success": [200], "result": "/", "errors": { "code": "/error/code", "message": "/error/message", "declined": ["card_declined"] } },
              "implements": { "capability": "payment.create", "params": { "amount": "{params.amountMinor}", "currency": "{params.currency|lower}", "metadata": { "order_id": "{params.reference}" } },
                              "result": { "id": "{result.id}", "status": "{result.status|map:succeeded=succeeded,requires_action=pending,*=pending}" } } },
            "retrieveBalance": { "title": "Balance", "params": { "type": "object" }, "http": { "method": "GET", "path": "/v1/balance" } },
            "getCustomer": { "title": "Get", "params": { "type": "object", "required": ["id"], "additionalProperties": false, "properties": { "id": { "type": "string" } } }, "http": { "method": "GET", "path": "/v1/customers/{params.id}" } },
            "listCustomers": {
              "title": "List", "params": { "type": "object", "properties": { "starting_after": { "type": "string" }, "limit": { "type": "integer" } } },
              "http": { "method": "GET", "path": "/v1/customers" },
              "pagination": { "style": "cursor", "param": "starting_after", "next": "/data/-1/id", "more": "/has_more", "items": "/data" } } },
          "webhooks": {
            "verify": { "scheme": "hmac", "algorithm": "sha256", "secret": "{config.webhookSecret}", "header": "Stripe-Signature",
                        "format": "t={timestamp},v1={signature}", "encoding": "hex", "signed": "{timestamp}.{body}", "tolerance": "5m" },
            "challenge": null,
            "event": { "id": "/id", "type": "/type", "time": "/created", "subject": ["/data/object/id", "{header.X-Subject}"], "batch": null },
            "respond": { "status": 200 },
            "types": { "payment_intent.succeeded": { "en": "A payment succeeded" } } },
          "tests": [ { "id": "stripe-connection", "title": { "en": "Key works" }, "operation": "retrieveBalance" } ],
          "simulator": { "operations": { "createPaymentIntent": [ { "when": { "/amount": 666 }, "status": 402, "body": { } }, { "status": 200, "body": { } } ] },
                         "webhooks": { "payment_intent.succeeded": { "body": { } } } },
        }
        """;

    public static ManifestReadResult Read(string manifest) => ManifestReader.Read(Encoding.UTF8.GetBytes(manifest));

    /// <summary>The manifest with a value put at a pointer; the text <c>remove</c> takes it away.</summary>
    public static string With(params (string Pointer, string Json)[] changes)
    {
        var root = JsonNode.Parse(Manifest, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!;
        foreach (var (pointer, json) in changes)
            Change(root, pointer[1..].Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal)).ToArray(), json);

        return root.ToJsonString();
    }

    private static void Change(JsonNode root, string[] steps, string json)
    {
        var at = root;
        foreach (var step in steps[..^1])
            at = at is JsonArray list ? list[int.Parse(step)]! : at[step] ??= new JsonObject();

        if (at is JsonArray array)
        {
            var index = steps[^1] == "-" ? array.Count : int.Parse(steps[^1]);
            if (index == array.Count)
                array.Add(JsonNode.Parse(json));
            else
                array[index] = JsonNode.Parse(json);
        }
        else if (json == "remove")
        {
            Assert.True(at.AsObject().Remove(steps[^1]), $"There is no {string.Join('/', steps)} to remove.");
        }
        else
        {
            at[steps[^1]] = JsonNode.Parse(json);
        }
    }
}
