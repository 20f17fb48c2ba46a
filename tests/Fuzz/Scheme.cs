using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>One provider's way of signing: as the manifest says it to the hub, and as its description says it to whoever reads it.</summary>
internal sealed class Scheme
{
    private WebhookReceiver? receiver;
    private WebhookSigner[]? signers;

    public required string Name { get; init; }

    public required WebhooksManifest Rules { get; init; }

    /// <summary>The reference: whether the request carries a genuine signature with this secret (or public key) over everything that the scheme covers, and in time.</summary>
    public required Func<WebhookRequest, string, bool> Genuine { get; init; }

    public Func<Dice, byte[]> MakeBody { get; init; } = Bodies.Json;

    public string ContentType { get; init; } = "application/json";

    /// <summary>Extra headers that the provider sends.</summary>
    public (string Name, string Value)[] Headers { get; init; } = [];

    public string Query { get; init; } = "";

    public string Secret { get; init; } = Schemes.Secret;

    public string OldSecret { get; init; } = Schemes.OldSecret;

    public string? PrivateKey { get; init; }

    public string? OldPrivateKey { get; init; }

    /// <summary>Whether the signature covers every byte of the body, so that no other body may ever be taken.</summary>
    public bool CoversBody { get; init; } = true;

    /// <summary>
    /// Whether the vendor signs address (or a time as a text) and body with nothing between them: the start of the body can then pass for the end of the address. What is left of the body is no JSON, so
    /// that such a request is genuine by the vendor's rules, and refused as malformed (or, as a GET, as no handshake).
    /// </summary>
    public bool BorderMoves => First.Signed.Contains("{url}{body}", StringComparison.Ordinal) || (First.TimestampUnit == "iso" && First.Signed.Contains("{timestamp}{body}", StringComparison.Ordinal));

    /// <summary>Signs by other means than the hub's own signer.</summary>
    public Action<Draft, Dice, string>? SignBy { get; init; }

    /// <summary>What the connection's configuration has besides the secret.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Where certificates are, for schemes that name them.</summary>
    public IWebhookFetcher? Fetcher { get; init; }

    /// <summary>Which of several rules a request is signed by; by default forms by the second, all else by the first.</summary>
    public Func<Draft, int>? Choose { get; init; }

    /// <summary>The hub's own. Anew for each request where certificates are fetched: what is known of them stays known, and a case must not depend on the one before.</summary>
    public WebhookReceiver Receiver => Fetcher is null ? receiver ??= NewReceiver() : NewReceiver();

    public VerifyManifest First => Rules.Verify[0];

    /// <summary>The headers that verification reads.</summary>
    public IEnumerable<string> Watched =>
        Rules.Verify.SelectMany(scheme => new[] { scheme.Header, scheme.TimestampHeader, scheme.IdHeader, scheme.Scheme == VerifyScheme.Basic ? "Authorization" : null }).OfType<string>().Distinct();

    /// <summary>Signs a request as the provider would, with a secret of its.</summary>
    public void Sign(Draft draft, Dice dice, string secret)
    {
        if (SignBy is { } sign)
        {
            sign(draft, dice, secret);
            draft.Signed.Add(draft.Body);
            return;
        }

        signers ??= [.. Rules.Verify.Select(scheme => new WebhookSigner(scheme))];
        var number = Choose is { } choose ? choose(draft) : signers.Length > 1 && draft.Header("Content-Type")?.Contains("form", StringComparison.OrdinalIgnoreCase) == true ? 1 : 0;
        var scheme = Rules.Verify[number];
        draft.Headers.RemoveAll(header => header.Name.Equals(scheme.Header, StringComparison.OrdinalIgnoreCase));
        if (scheme.Query is { } place && draft.Query.Contains(place, StringComparison.Ordinal))
            draft.Query = "";

        var secrets = draft.Secrets;
        draft.Secrets = [secret];
        try
        {
            draft.Take(signers[number].Sign(draft.ToRequest(), draft.ToConnection(), Draft.Now, "msg_1", secret == OldSecret ? OldPrivateKey : PrivateKey));
            draft.Signed.Add(draft.Body);
        }
        catch (ArgumentException)
        {
            // Documented: a body that was made no JSON has no place for a signature.
        }
        finally
        {
            draft.Secrets = secrets;
        }
    }

    private WebhookReceiver NewReceiver() => new(Rules, null, new FixedClock(Draft.Now), Fetcher);

    public static Dictionary<string, JsonElement> When(string part, string json) => new() { [part] = JsonDocument.Parse(json).RootElement.Clone() };
}
