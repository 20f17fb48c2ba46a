using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Manifests.Json;

namespace IntegrationHub.Manifests;

/// <summary>How a provider's webhooks are verified and read.</summary>
public sealed record WebhooksManifest
{
    /// <summary>Schemes of which any one suffices. In the manifest one object or an array. Never empty.</summary>
    [JsonConverter(typeof(OneOrManyConverter<VerifyManifest>))]
    public IReadOnlyList<VerifyManifest> Verify { get; init; } = [];

    /// <summary>Handshakes that are answered at once and make no event. In the manifest <c>null</c>, one object or an array.</summary>
    [JsonConverter(typeof(OneOrManyConverter<ChallengeManifest>))]
    public IReadOnlyList<ChallengeManifest> Challenge { get; init; } = [];

    /// <summary>Where id, type, time and subject of an event stand.</summary>
    public EventManifest Event { get; init; } = new();

    /// <summary>What the provider expects as an answer.</summary>
    public RespondManifest Respond { get; init; } = new();

    /// <summary>The types the provider sends, with what each means.</summary>
    public IReadOnlyDictionary<string, LocalizedText> Types { get; init; } = new Dictionary<string, LocalizedText>();

    /// <summary>How long a provider's event id is remembered, so that a repetition makes no second event. Default 24 hours.</summary>
    public TimeSpan DedupeWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The largest accepted request body in bytes. Default: the host's own limit.</summary>
    public int? MaxBytes { get; init; }
}

/// <summary>The webhook verification schemes.</summary>
public enum VerifyScheme
{
    /// <summary>A keyed hash over a string built from the request.</summary>
    Hmac,

    /// <summary>ECDSA with the provider's public key.</summary>
    Ecdsa,

    /// <summary>Ed25519 with the provider's public key.</summary>
    Ed25519,

    /// <summary>RSA (PKCS#1 v1.5) with the provider's public key.</summary>
    Rsa,

    /// <summary>A signed JSON Web Token in a header.</summary>
    Jwt,

    /// <summary>A shared secret in a header, the query or the body.</summary>
    Token,

    /// <summary>HTTP Basic credentials.</summary>
    Basic,

    /// <summary>The plugin's own code (<see cref="Adapters.IWebhookVerifier"/>).</summary>
    Custom,

    /// <summary>Not verified; <see cref="VerifyManifest.Reason"/> must say why.</summary>
    None,
}

/// <summary>One verification scheme.</summary>
public sealed record VerifyManifest
{
    /// <summary>The scheme.</summary>
    public required VerifyScheme Scheme { get; init; }

    /// <summary><c>sha1</c>, <c>sha256</c> (default), <c>sha384</c> or <c>sha512</c>.</summary>
    public string Algorithm { get; init; } = "sha256";

    /// <summary>Template of the shared secret, for <c>hmac</c> and <c>token</c>.</summary>
    public string? Secret { get; init; }

    /// <summary>
    /// How the secret's text becomes key bytes: <c>utf8</c> (default), <c>hex</c>, <c>base64</c>, or <c>whsec</c> (Standard Webhooks: the base64 after <c>whsec_</c>).
    /// </summary>
    public string SecretEncoding { get; init; } = "utf8";

    /// <summary>
    /// What stands in front of the secret and is no part of the key, left away where it is there; <c>*</c> stands for letters, digits and underscores: <c>signkey-*-</c> (Inngest). Default: nothing.
    /// </summary>
    public string? SecretPrefix { get; init; }

    /// <summary>Template of the public key (PEM, SubjectPublicKeyInfo in base64, or raw hex for Ed25519).</summary>
    public string? PublicKey { get; init; }

    /// <summary>The certificate that the request names, instead of <see cref="PublicKey"/>, for <c>rsa</c> and <c>ecdsa</c> (PayPal, Amazon SNS).</summary>
    public CertificateManifest? Certificate { get; init; }

    /// <summary>
    /// JSON pointer to an array of which every element is verified by itself, with all other pointers relative to it (Adyen, Microsoft Graph); empty string when the body itself is the array.
    /// Absent: the request is verified once. Conditions (<see cref="When"/>) are the request's all the same.
    /// </summary>
    public string? Each { get; init; }

    /// <summary>The header with the signature or token.</summary>
    public string? Header { get; init; }

    /// <summary>The query parameter with the signature or token, where there is no header.</summary>
    public string? Query { get; init; }

    /// <summary>JSON pointer into the body to the signature or token, where there is neither.</summary>
    public string? Body { get; init; }

    /// <summary>
    /// The signature value's format with <c>{signature}</c> and optionally <c>{timestamp}</c>: <c>sha256={signature}</c>, <c>t={timestamp},v1={signature}</c>.
    /// Comma-separated <c>key=value</c> formats are read in any order and with repeated keys; a format with a space-separated list is written <c>v1,{signature}</c> with <see cref="Separator"/>.
    /// Default <c>{signature}</c>.
    /// </summary>
    public string Format { get; init; } = "{signature}";

    /// <summary>What stands between several signatures in one header value (a space for Standard Webhooks). Default: none.</summary>
    public string? Separator { get; init; }

    /// <summary><c>hex</c> (default; either case), <c>base64</c> or <c>base64url</c>.</summary>
    public string Encoding { get; init; } = "hex";

    /// <summary>
    /// The signed string: a template over <c>{timestamp}</c>, <c>{id}</c>, <c>{body}</c>, <c>{method}</c>, <c>{url}</c>, <c>{path}</c>, <c>{query}</c>, <c>{header.X}</c>,
    /// <c>{query.x}</c>, <c>{form.sorted}</c> (names and values in name order, concatenated), <c>{body.sha256}</c>, <c>{body.crc32}</c>, <c>{body.canonical}</c> (RFC 8785), <c>{headers.X}</c> (the headers that
    /// header X lists, as <c>name:value</c> with semicolons between), <c>{secret}</c>, <c>{config.x}</c> and JSON pointers <c>{/a/b}</c>. What is missing is empty. Pipes: <c>decimals:2</c> or
    /// <c>decimals:/currency</c>, and <c>before:text</c> and <c>after:text</c>, which stand around a value that is there. Where it contains <c>{secret}</c> the signature is the plain hash of the string instead of an HMAC (HubSpot v1 and v2, Cloudinary). Default <c>{body}</c>.
    /// </summary>
    public string Signed { get; init; } = "{body}";

    /// <summary>
    /// Whether <c>{url}</c> is also tried with the scheme's default port written out and with any port left out, as Twilio's own libraries do. Default <see langword="false"/>.
    /// </summary>
    public bool PortOptional { get; init; }

    /// <summary>The header that carries the timestamp, where the signature's format does not.</summary>
    public string? TimestampHeader { get; init; }

    /// <summary>JSON pointer to the timestamp in the body, where it stands neither in the signature's format nor in a header (Linear, Mailgun).</summary>
    public string? TimestampBody { get; init; }

    /// <summary>The header that carries the message id for <c>{id}</c>.</summary>
    public string? IdHeader { get; init; }

    /// <summary><c>seconds</c> (default), <c>milliseconds</c>, <c>iso</c> or <c>http</c> (RFC 9110 §5.6.7).</summary>
    public string TimestampUnit { get; init; } = "seconds";

    /// <summary>How far the timestamp may be from now, either way. Absent: no timestamp is checked. A scheme with a timestamp should have one.</summary>
    public TimeSpan? Tolerance { get; init; }

    /// <summary>
    /// Conditions on the request for this scheme to apply: keys are <c>header.X</c>, <c>query.x</c> or JSON pointers, the value <see langword="true"/> means
    /// "is present", <see langword="false"/> "is absent".
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> When { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Template of the user name, for <c>basic</c>.</summary>
    public string? Username { get; init; }

    /// <summary>Template of the password, for <c>basic</c>.</summary>
    public string? Password { get; init; }

    /// <summary>By the name of a request part that must equal a hash of the body (<c>query.bodySHA256</c>): the hash, <c>sha256-hex</c>.</summary>
    public IReadOnlyDictionary<string, string> BodyHash { get; init; } = new Dictionary<string, string>();

    /// <summary>Why webhooks are not verified, for <c>none</c>.</summary>
    public LocalizedText? Reason { get; init; }
}

/// <summary>
/// A certificate that the request names and the host fetches: always over https, from the hosts named here and no others. It counts when it is in date, carries one of the names and chains up to a
/// trusted root. Fetched certificates are kept for a day; one that cannot be had leaves the request undecided (503).
/// </summary>
public sealed record CertificateManifest
{
    /// <summary>Template of the address over <c>{header.X}</c>, <c>{query.x}</c> and JSON pointers: <c>{header.PAYPAL-CERT-URL}</c>.</summary>
    public required string Url { get; init; }

    /// <summary>The hosts it may be on; <c>*</c> stands for one label: <c>sns.*.amazonaws.com</c>. The last two labels must be written out. In the manifest one string or an array.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>The path it must have; <c>*</c> stands for letters, digits, <c>.</c>, <c>_</c>, <c>~</c> and <c>-</c>: <c>/v1/notifications/certs/*</c>. Absent: any.</summary>
    public string? Path { get; init; }

    /// <summary>DNS names of which the certificate must carry one, as its subject's alternative or common name; <c>*</c> as in <see cref="Hosts"/>. In the manifest one string or an array.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>
    /// Hosts from which missing issuers may be fetched, where the certificate says they are (also over http: a certificate proves itself); <c>*</c> as in <see cref="Hosts"/>. Default: none.
    /// </summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Issuers { get; init; } = [];

    /// <summary>Template of the trusted roots in PEM, over <c>{config.x}</c>, for private authorities and stand-ins. Without a value those of the host's system count.</summary>
    public string? Roots { get; init; }
}

/// <summary>An address that a verified handshake wants to be visited, before it is answered.</summary>
public sealed record VisitManifest
{
    /// <summary>Template of the address over <c>{header.X}</c>, <c>{query.x}</c> and JSON pointers: <c>{/SubscribeURL}</c>.</summary>
    public required string Url { get; init; }

    /// <summary>The hosts it may be on, over https; <c>*</c> stands for one label. In the manifest one string or an array.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Hosts { get; init; } = [];
}

/// <summary>A handshake that is answered at once.</summary>
public sealed record ChallengeManifest
{
    /// <summary><c>POST</c> (default) or <c>GET</c>.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>
    /// What must hold: keys are JSON pointers into the body, <c>query.x</c> or <c>header.X</c>; values are equal to, a template such as <c>{config.verifyToken}</c>
    /// (compared in constant time), or <see langword="true"/> for "is present".
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> When { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Whether the request must pass <see cref="WebhooksManifest.Verify"/> first. Default <see langword="true"/> for POST, <see langword="false"/> for GET.</summary>
    public bool? Verified { get; init; }

    /// <summary>What the host GETs before it answers (Amazon SNS); only for handshakes that are verified. Where that fails, the answer is 503, so that the provider tries again.</summary>
    public VisitManifest? Visit { get; init; }

    /// <summary>The answer.</summary>
    public required RespondManifest Respond { get; init; }
}

/// <summary>An answer to a provider.</summary>
public sealed record RespondManifest
{
    /// <summary>The HTTP status. Default 200.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The body: a template, text when it is a string, JSON when it is an object. Absent: empty.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>The body's media type. Default <c>text/plain</c> for text and <c>application/json</c> for an object.</summary>
    public string? ContentType { get; init; }
}

/// <summary>
/// Where the parts of an event stand. Each is a JSON pointer into the (element of the) body, or a template over <c>header</c>, <c>query</c> and pointers
/// (<c>{header.X-GitHub-Event}</c>, <c>message.{/MessageStatus}</c>); several are tried in order. In the manifest one string or an array.
/// </summary>
public sealed record EventManifest
{
    /// <summary>The provider's id of the event. Nothing found: a SHA-256 of the raw element stands in, so that an identical repetition is still recognised.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Id { get; init; } = [];

    /// <summary>The type. Nothing found: <c>unknown</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Type { get; init; } = [];

    /// <summary>When it happened: Unix seconds, Unix milliseconds or ISO 8601. Nothing found: when it arrived.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Time { get; init; } = [];

    /// <summary>What it is about.</summary>
    [JsonConverter(typeof(OneOrManyConverter<string>))]
    public IReadOnlyList<string> Subject { get; init; } = [];

    /// <summary>JSON pointer to an array of events in one request; empty string when the body itself is the array. Absent: the body is one event.</summary>
    public string? Batch { get; init; }

    /// <summary>JSON pointer to what becomes the event's data. Absent: the whole (element of the) body.</summary>
    public string? Data { get; init; }
}
