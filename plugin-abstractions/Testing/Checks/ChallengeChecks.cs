using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;
using IntegrationHub.Testing.Generation;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Testing.Checks;

/// <summary>Handshakes: requests are made of what the manifest waits for, and must be answered.</summary>
internal static partial class ChallengeChecks
{
    private const string Challenge = "challenge-3eZbrw1a";
    private const string Address = "https://hub.example.com/v1/webhooks/kit/conn_kit";

    public static async Task RunAsync(WebhookRig rig, CheckLog log)
    {
        for (var index = 0; index < rig.Webhooks.Challenge.Count; index++)
        {
            log.Case();
            var challenge = rig.Webhooks.Challenge[index];
            var request = Request(rig, challenge);
            var pointer = $"/webhooks/challenge/{index}";
            if (rig.Receiver.MatchChallenge(request, rig.Connection) is not { } match)
            {
                log.Error(pointer, "A request that has everything the handshake waits for is not answered.", "Look at \"when\" and \"respond\".");
                continue;
            }

            var body = challenge.Respond.Body?.GetRawText() ?? "";
            if (Placeholder().IsMatch(body) && !body.Contains("|hmac", StringComparison.Ordinal) && !match.Response.Body.Contains(Challenge, StringComparison.Ordinal))
                log.Error(pointer, "The handshake's answer does not repeat what was sent.", "Look at \"respond\".\"body\".");

            if (match.MustVerify && rig.Signable.Count > 0 && request.Method == "POST")
                await VerifyAsync(rig, log, pointer, request).ConfigureAwait(false);
        }

        if (log.Cases == 0)
            log.NotApplicable("the provider makes no handshake");
    }

    private static async Task VerifyAsync(WebhookRig rig, CheckLog log, string pointer, WebhookRequest request)
    {
        var sample = new SimulatorWebhook { Body = JsonElement.Parse(request.Body.Span), Headers = request.Headers.Where(header => header.Key != "Content-Type").ToDictionary(header => header.Key, header => header.Value[0]) };
        foreach (var index in rig.Signable)
            if (rig.Sign(index, sample, SuiteClock.Now, out _) is { } signed && (await rig.VerifyAsync(signed, rig.Connection, log).ConfigureAwait(false)).Ok)
                return;

        log.Error(pointer, "The handshake, correctly signed, is refused.", "Say \"verified\": false if the provider does not sign handshakes.");
    }

    private static WebhookRequest Request(WebhookRig rig, ChallengeManifest challenge)
    {
        var body = new JsonObject();
        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        var headers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase) { ["Content-Type"] = ["application/json"] };
        foreach (Match match in Placeholder().Matches(challenge.Respond.Body?.GetRawText() ?? ""))
            Put(match.Groups[1].Value, JsonValue.Create(Challenge));

        foreach (var (place, wanted) in challenge.When)
            if (wanted.ValueKind != JsonValueKind.False)
                Put(place, Value(rig, wanted));

        var text = query.Count == 0 ? "" : "?" + string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        return new WebhookRequest
        {
            Method = challenge.Method.ToUpperInvariant(),
            Url = Address + text,
            Path = new Uri(Address).AbsolutePath,
            QueryString = text,
            Headers = headers,
            Body = challenge.Method.Equals("GET", StringComparison.OrdinalIgnoreCase) ? default : JsonSerializer.SerializeToUtf8Bytes(SchemaSampler.ToElement(body), SuiteJson.Default.JsonElement),
            ReceivedAt = SuiteClock.Now,
        };

        void Put(string place, JsonNode value)
        {
            if (place.StartsWith('/'))
                JsonEdit.Set(body, place, value);
            else if (place.StartsWith("query.", StringComparison.Ordinal))
                query[place["query.".Length..]] = value.ToString();
            else if (place.StartsWith("header.", StringComparison.Ordinal))
                headers[place["header.".Length..]] = [value.ToString()];
        }
    }

    private static JsonNode Value(WebhookRig rig, JsonElement wanted)
    {
        if (wanted.ValueKind == JsonValueKind.True)
            return JsonValue.Create(Challenge);

        if (wanted.ValueKind == JsonValueKind.String && wanted.GetString()!.Contains('{', StringComparison.Ordinal))
            return JsonValue.Create(Template.Compile(wanted.GetString()!).RenderText(new TemplateScope().Set("config", rig.Connection.Config)) ?? "");

        return JsonNode.Parse(wanted.GetRawText())!;
    }

    [GeneratedRegex(@"\{((?:/|query\.|header\.)[^{}|]*)(?:\|[^{}]*)?\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
