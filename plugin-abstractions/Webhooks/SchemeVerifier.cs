using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>One compiled verification scheme. Immutable and thread-safe.</summary>
internal abstract class SchemeVerifier
{
    /// <summary>More elements than this in one request are no batch any provider signs one by one.</summary>
    private const int MaxElements = 1000;

    private readonly RequestConditions when;
    private readonly BodyPointer? each;

    protected SchemeVerifier(VerifyManifest scheme)
    {
        when = new RequestConditions(scheme.When, "verify.when");
        each = scheme.Each is null ? null : BodyPointer.Compile(scheme.Each);
        BodyHashes = [.. scheme.BodyHash.Select(pair => new BodyHashRule(pair.Key, pair.Value))];
    }

    protected IReadOnlyList<BodyHashRule> BodyHashes { get; }

    /// <summary>Compiles a scheme.</summary>
    /// <exception cref="ArgumentException">A rule is faulty.</exception>
    public static SchemeVerifier Compile(VerifyManifest scheme, IWebhookFetcher? fetcher, TimeProvider time) => scheme.Scheme switch
    {
        VerifyScheme.Hmac => new HmacVerifier(scheme, time),
        VerifyScheme.Ecdsa or VerifyScheme.Rsa or VerifyScheme.Ed25519 => new PublicKeyVerifier(scheme, fetcher, time),
        VerifyScheme.Jwt => new JwtVerifier(scheme, time),
        VerifyScheme.Token => new TokenVerifier(scheme),
        VerifyScheme.Basic => new BasicVerifier(scheme),
        VerifyScheme.None => new UnverifiedScheme(scheme),
        VerifyScheme.Custom => new CustomScheme(scheme),
        _ => throw new ArgumentException($"verify.scheme: {scheme.Scheme} is unknown."),
    };

    /// <summary>Whether the scheme's conditions hold.</summary>
    public bool Applies(RequestParts request, ConnectionContext connection) => when.Hold(request, connection);

    /// <summary>Decides, of every element where the scheme is for elements.</summary>
    public VerificationResult Check(RequestParts request, ConnectionContext connection)
    {
        if (each is null)
            return Verify(request, connection);
        if (!request.TryGetDocument(out var root, out _))
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, "The body cannot be read.");

        var count = 0;
        try
        {
            foreach (var element in Elements(each, root))
            {
                if (++count > MaxElements)
                    return VerificationResult.Refused(VerificationFailure.MalformedSignature, $"The body has more than {MaxElements} elements to verify.");

                request.LookAt(element);
                if (Verify(request, connection) is { Ok: false } refused)
                    return refused;
            }
        }
        finally
        {
            request.LookAt(default);
        }

        return count > 0 ? VerificationResult.Verified : VerificationResult.Refused(VerificationFailure.MissingSignature, $"There is nothing to verify at {each.Text}.");
    }

    /// <summary>The elements of the arrays that a pointer leads to, as events are found.</summary>
    public static IEnumerable<JsonElement> Elements(BodyPointer pointer, JsonElement root) =>
        pointer.FindAll(root).SelectMany(static found => found.ValueKind == JsonValueKind.Array ? found.EnumerateArray() : Enumerable.Repeat(found, 1));

    /// <summary>Decides, of the whole request or of the element that is looked at.</summary>
    protected abstract VerificationResult Verify(RequestParts request, ConnectionContext connection);

    /// <summary>The configurations whose secrets count: the current one, then earlier ones.</summary>
    protected static int ConfigCount(ConnectionContext connection) => 1 + connection.PreviousConfigs.Count;

    protected static JsonElement Config(ConnectionContext connection, int index) => index == 0 ? connection.Config : connection.PreviousConfigs[index - 1];

    /// <summary>The index of the first configuration for which a template has a value; -1 when there is none.</summary>
    protected static int FirstConfigured(RequestTemplate template, RequestParts request, ConnectionContext connection, out string value)
    {
        for (var i = 0; i < ConfigCount(connection); i++)
        {
            if (Render(template, request, connection, i) is { } text)
            {
                value = text;
                return i;
            }
        }

        value = "";
        return -1;
    }

    protected static string? Render(RequestTemplate template, RequestParts request, ConnectionContext connection, int config) =>
        template.Render(new PartValues { Request = request, Connection = connection, Config = Config(connection, config) }) is { Length: > 0 } text ? text : null;

    protected static RequestTemplate CompileSetting(string? template, string name) =>
        RequestTemplate.Compile(template ?? throw new ArgumentException($"verify: the scheme needs '{name}'."), Part.Connection, $"verify.{name}");

    protected static VerificationResult NotConfigured(string what) => VerificationResult.Refused(VerificationFailure.NotConfigured, what);

    protected static VerificationResult Mismatch(string what) => VerificationResult.Refused(VerificationFailure.SignatureMismatch, what);

    protected VerificationResult CheckBodyHashes(RequestParts request)
    {
        foreach (var rule in BodyHashes)
        {
            if (rule.Check(request) is { Ok: false } refused)
                return refused;
        }

        return VerificationResult.Verified;
    }
}

/// <summary>Not verified; the manifest says why.</summary>
internal sealed class UnverifiedScheme(VerifyManifest scheme) : SchemeVerifier(scheme)
{
    protected override VerificationResult Verify(RequestParts request, ConnectionContext connection) => VerificationResult.Verified;
}

/// <summary>Stands for the plugin's own code, which <see cref="WebhookReceiver"/> calls.</summary>
internal sealed class CustomScheme(VerifyManifest scheme) : SchemeVerifier(scheme)
{
    protected override VerificationResult Verify(RequestParts request, ConnectionContext connection) => NotConfigured("The plugin's verifier decides.");
}
