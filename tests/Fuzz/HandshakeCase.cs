using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>Handshakes that were changed: the hub answers only what the description asks for, with exactly what it asks for.</summary>
internal static class HandshakeCase
{
    private static readonly JsonElement True = Json("true");

    private static readonly IReadOnlyDictionary<string, (WebhookReceiver Receiver, Action<Draft, Dice> Make, Func<WebhookRequest, string?> Answer)> Kinds =
        new Dictionary<string, (WebhookReceiver, Action<Draft, Dice>, Func<WebhookRequest, string?>)>
        {
            ["handshake-meta"] = (
                Receiver("GET", new() { ["query.hub.mode"] = Json("\"subscribe\""), ["query.hub.verify_token"] = Json("\"{config.verifyToken}\"") }, "\"{query.hub.challenge}\""),
                (draft, dice) => (draft.Method, draft.Query, draft.Body) = ("GET", $"?hub.mode=subscribe&hub.verify_token={Draft.VerifyToken}&hub.challenge={dice.Text(10)}", []),
                request => request.Method == "GET" && Only(request, "hub.mode") == "subscribe" && Only(request, "hub.verify_token") == Draft.VerifyToken ? Only(request, "hub.challenge") : null),
            ["handshake-graph"] = (
                Receiver("POST", new() { ["query.validationToken"] = True }, "\"{query.validationToken}\"", verified: false),
                (draft, dice) => draft.Query = $"?validationToken={Uri.EscapeDataString("Validation: Testing <b>" + dice.Text(5))}",
                request => request.Method == "POST" ? Only(request, "validationToken") : null),
            ["handshake-slack"] = (
                Receiver("POST", new() { ["/type"] = Json("\"url_verification\""), ["/challenge"] = True }, "\"{/challenge}\""),
                (draft, dice) => draft.Text = $$"""{"token":"x","challenge":"{{dice.Text(30)}}","type":"url_verification"}""",
                request => request.Method == "POST" && Straight.Value(request, "type") == "url_verification" ? Straight.Value(request, "challenge") : null),
            ["handshake-zoom"] = (
                Receiver("POST", new() { ["/event"] = Json("\"endpoint.url_validation\"") }, """{"plainToken":"{/payload/plainToken}","encryptedToken":"{/payload/plainToken|hmac:hex}","n":1}"""),
                (draft, dice) => draft.Text = $$"""{"payload":{"plainToken":"{{dice.Text(20)}}"},"event_ts":1654503849680,"event":"endpoint.url_validation"}""",
                request => request.Method == "POST" && Straight.Value(request, "event") == "endpoint.url_validation" && Straight.Value(request, "payload", "plainToken") is { } token
                    ? Convert.ToHexStringLower(Straight.Mac("sha256", Encoding.UTF8.GetBytes(Schemes.Secret), Encoding.UTF8.GetBytes(token)))
                    : null),
            ["handshake-html"] = (
                Receiver("GET", new() { ["query.challenge"] = True }, "\"<p>{query.challenge}</p>\"", contentType: "text/html"),
                (draft, _) => (draft.Method, draft.Query, draft.Body) = ("GET", "?challenge=%3Cscript%3E", []),
                request => request.Method == "GET" && Only(request, "challenge") is { } challenge ? $"<p>{WebUtility.HtmlEncode(challenge)}</p>" : null),
            ["handshake-visit"] = (
                new(
                    new WebhooksManifest
                    {
                        Verify = [new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.secret}", Header = "X-Signature" }],
                        Challenge =
                        [
                            new ChallengeManifest
                            {
                                Method = "POST", When = new Dictionary<string, JsonElement> { ["/Type"] = Json("\"SubscriptionConfirmation\"") },
                                Visit = new VisitManifest { Url = "{/SubscribeURL}", Hosts = ["sns.*.amazonaws.com"] }, Respond = new RespondManifest { Status = 200 },
                            },
                        ],
                    },
                    null,
                    new FixedClock(Draft.Now)),
                (draft, dice) => draft.Text = JsonSerializer.Serialize(new { Type = "SubscriptionConfirmation", Token = dice.Text(10), SubscribeURL = Address(dice) }),
                request => request.Method == "POST" && Straight.Value(request, "Type") == "SubscriptionConfirmation" && Straight.Value(request, "SubscribeURL") is { } url ? HostOf(url) : null),
        };

    public static IReadOnlyList<string> Names { get; } = [.. Kinds.Keys];

    public static CaseResult Run(string name, ulong seed, IReadOnlySet<int>? without, List<string> steps, ref object? input)
    {
        var (receiver, make, answer) = Kinds[name];
        var dice = new Dice(seed);
        var draft = new Draft { Secrets = [Schemes.Secret] };
        draft.Headers.Add(("Content-Type", "application/json"));
        make(draft, dice);
        RequestCase.Mutate(draft, dice, Schemes.Find("github"), dice.OneIn(10) ? 0 : 1 + dice.Below(RequestCase.MaxSteps), without, steps, out var harmless);
        input = Shown.Of(draft);
        var request = draft.ToRequest();

        var match = receiver.MatchChallenge(request, draft.ToConnection());
        var expected = answer(request);
        if (match is not { } found)
            return expected is not null && harmless && draft.Secrets[0] is not null && (name != "handshake-visit" || draft.Text.Contains("https://sns.eu-west-1.amazonaws.com/", StringComparison.Ordinal))
                ? RequestCase.Fault("no handshake", "A handshake was not recognised.", steps, input)
                : new CaseResult { Outcome = "no handshake", Steps = steps, Input = input };

        if (expected is null)
            return RequestCase.Fault("handshake", "FALSE ACCEPT: the request is no handshake.", steps, input);
        if (found.Response.Body.Length > 16 * 1024)
            return RequestCase.Fault("handshake", "The answer is too long.", steps, input);
        if (found.Response.ContentType == "application/json")
        {
            // With the secret in force, whichever that is: a rotated one answers with the new one.
            using var json = JsonDocument.Parse(found.Response.Body);
            if (draft.Secrets is [var only] && only == Schemes.Secret && json.RootElement.GetProperty("encryptedToken").GetString() != expected)
                return RequestCase.Fault("handshake", "The keyed hash is another.", steps, input);
        }
        else if (found.Response.Visit is { } visited)
        {
            if (visited.Scheme != Uri.UriSchemeHttps || !visited.IsDefaultPort || !visited.Host.Equals(expected, StringComparison.OrdinalIgnoreCase))
                return RequestCase.Fault("handshake", $"The hub would visit {visited}.", steps, input);
        }
        else if (found.Response.Body != expected)
        {
            return RequestCase.Fault("handshake", "The answer is another.", steps, input);
        }

        return new CaseResult { Outcome = "handshake", Steps = steps, Input = input };
    }

    /// <summary>The address to visit, as the provider sends it or as somebody would who wants the hub to call another.</summary>
    private static string Address(Dice dice)
    {
        const string host = "sns.eu-west-1.amazonaws.com";
        const string rest = "/?Action=ConfirmSubscription&Token=1";
        return dice.OneIn(2) ? $"https://{host}{rest}" : dice.Pick(
            $"http://{host}{rest}", $"https://{host}.evil.example{rest}", $"https://{host}@evil.example{rest}", $"https://evil.example/{host}{rest}", $"https://evil.example\\@{host}{rest}", $"https://evil.example#@{host}{rest}",
            $"https://evil.example?@{host}{rest}", $"https://{host}:8443{rest}", $"https://{host}:443{rest}", $"https://user@{host}{rest}", $"https://sns.a.b.amazonaws.com{rest}", $"https://sns..amazonaws.com{rest}",
            $"https://sns.amazonaws.com{rest}", $"//{host}{rest}", $"https:{host}", $"HTTPS://{host.ToUpperInvariant()}{rest}", $"https://{host}.{rest}", $"https://sns.%65u.amazonaws.com{rest}", $"https://sns.\u2460.amazonaws.com{rest}",
            $"https://sns.eu\u3002west.amazonaws.com{rest}", $"https://sns.e\tu.amazonaws.com{rest}", $" https://{host}{rest}", "https://127.0.0.1/", "https://[::1]/", $"https://sns.{new string('a', 3000)}.amazonaws.com{rest}", $"file://{host}/etc/passwd",
            $"https://sns.xn--a.amazonaws.com{rest}", $"https://sns.eu_west.amazonaws.com{rest}", "");
    }

    /// <summary>The host of an address that is the provider's: https on its own port, nobody's name before it, one label in the place of the star.</summary>
    private static string? HostOf(string url)
    {
        if (!url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.Contains('\\', StringComparison.Ordinal))
            return null;

        var rest = url["https://".Length..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        var host = end < 0 ? rest : rest[..end];
        if (host.EndsWith(":443", StringComparison.Ordinal))
            host = host[..^4];

        return host.TrimEnd('.').ToLowerInvariant().Split('.') is ["sns", { Length: > 0 } label, "amazonaws", "com"] && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? host : null;
    }

    private static string? Only(WebhookRequest request, string name) => Straight.Query(request).Where(pair => pair.Name == name).Select(pair => pair.Value).ToList() is [var only] ? only : null;

    private static WebhookReceiver Receiver(string method, Dictionary<string, JsonElement> when, string body, bool? verified = null, string? contentType = null) => new(
        new WebhooksManifest
        {
            Verify = [new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.secret}", Header = "X-Signature" }],
            Challenge = [new ChallengeManifest { Method = method, When = when, Verified = verified, Respond = new RespondManifest { Body = Json(body), ContentType = contentType } }],
        },
        null,
        new FixedClock(Draft.Now));

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement.Clone();
}
