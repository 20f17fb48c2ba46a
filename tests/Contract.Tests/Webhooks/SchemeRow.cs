using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Contract.Tests.Webhooks;

/// <summary>One row of <c>schemes.json</c>: a scheme as a manifest says it, who signs a request by it, and what of it can be changed.</summary>
internal sealed class SchemeRow
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonElement row;

    private SchemeRow(JsonElement row) => this.row = row;

    public string Name => Text("name")!;

    public string Users => Text("users")!;

    /// <summary>The npm package whose code signs, or accepts what was signed.</summary>
    public string? Library => Text("library");

    /// <summary>Where the vendor publishes this very request with its signature.</summary>
    public string? Example => Text("example");

    /// <summary>Where the scheme is described by which an independent signer signs.</summary>
    public string? Signer => Text("signer");

    public string? Sign => Text("sign");

    public string Url => Text("url") ?? "https://hub.example/v1/webhooks/vendor/conn_1?tag=a%20b&x=1";

    public string Body => Text("body") ?? "{\"id\":\"evt_1\",\"type\":\"order.created\",\"text\":\"Zoë 😀 مرحبا\",\"amount\":12.50}";

    /// <summary>Whether the signature covers every byte of the body.</summary>
    public bool Whole => row.TryGetProperty("whole", out var whole) ? whole.GetBoolean() : Scheme.Scheme is not (VerifyScheme.Token or VerifyScheme.Basic or VerifyScheme.Jwt);

    /// <summary>Whether the timestamp is checked but not signed.</summary>
    public bool UnsignedTime => row.TryGetProperty("unsignedTime", out _);

    /// <summary>Which of several signatures is the genuine one.</summary>
    public int Genuine => row.TryGetProperty("genuine", out var index) ? index.GetInt32() : 0;

    public IReadOnlyList<(string From, string To)> Fields => Pairs("fields");

    public IReadOnlyList<(string From, string To)> Headers => Pairs("headers");

    /// <summary>The headers of a published request.</summary>
    public IReadOnlyDictionary<string, string> Sent => row.GetProperty("sent").Deserialize<Dictionary<string, string>>()!;

    public DateTimeOffset? Moment => row.TryGetProperty("now", out var now) ? DateTimeOffset.FromUnixTimeSeconds(now.GetInt64()) : null;

    public (string Address, string Name)? Certificate =>
        row.TryGetProperty("certificate", out var certificate) ? (certificate.GetProperty("address").GetString()!, certificate.GetProperty("name").GetString()!) : null;

    public JsonElement VerifyJson => row.GetProperty("verify");

    /// <summary>The schemes, read from a whole manifest by the reader that reads manifests: what the row says is what a plugin can say.</summary>
    public WebhooksManifest Manifest { get; private init; } = new();

    /// <summary>The first scheme.</summary>
    public VerifyManifest Scheme => Manifest.Verify[0];

    public static IReadOnlyList<string> Names { get; } =
        [.. JsonDocument.Parse(File.ReadAllText(File_)).RootElement.EnumerateArray().Select(row => row.GetProperty("name").GetString()!)];

    private static string File_ => Path.Combine(NodeToolchain.RepositoryRoot, "tests", "Contract.Tests", "Webhooks", "schemes.json");

    public static IReadOnlyList<SchemeRow> Read(SchemeKeys keys, DateTimeOffset now)
    {
        var text = keys.Fill(File.ReadAllText(File_), now);
        return [.. JsonDocument.Parse(text).RootElement.EnumerateArray().Select(row => new SchemeRow(row) { Manifest = ReadManifest(row) })];
    }

    public ConnectionContext Connection(string which = "config", params string[] earlier) => new()
    {
        Id = "conn_1", Project = "shop", Provider = "vendor", Environment = "prod", Alias = "default",
        Config = which.Length == 0 ? JsonSerializer.SerializeToElement(new { }) : row.GetProperty(which), PreviousConfigs = [.. earlier.Select(name => row.GetProperty(name))],
    };

    /// <summary>What the signer gets.</summary>
    public object Task(SchemeKeys keys, DateTimeOffset now) => new
    {
        provider = Sign, sign = Sign, action = "sign", body = Body, url = Url, method = "POST", now = now.ToUnixTimeSeconds(), id = "msg_1", headers = new { },
        secret = Setting("secret"), user = Setting("user"), webhookId = Setting("webhookId"), publicKey = Setting("publicKey"), privateKey = keys.PrivateKey(Text("key")),
    };

    private static WebhooksManifest ReadManifest(JsonElement row)
    {
        var fields = row.GetProperty("config").EnumerateObject().ToDictionary(field => field.Name, object (_) => new { type = "string" });
        var manifest = new
        {
            manifestVersion = 1,
            id = "vendor", name = "Vendor", version = "1.0.0", category = "messaging",
            config = new { type = "object", properties = fields },
            webhooks = new { verify = row.GetProperty("verify"), @event = new { type = "/type" } },
        };
        var read = ManifestReader.Read(JsonSerializer.Serialize(manifest, Plain));
        var about = read.Errors.Where(error => error.Pointer.StartsWith("/webhooks", StringComparison.Ordinal)).Select(error => $"{error.Pointer}: {error.Message}").ToArray();
        Assert.True(about.Length == 0, $"{row.GetProperty("name")}: {string.Join("; ", about)}");
        Assert.True(read.Manifest is not null, $"{row.GetProperty("name")}: {string.Join("; ", read.Errors)}");
        return read.Manifest!.Webhooks!;
    }

    private string? Setting(string name) => row.GetProperty("config").TryGetProperty(name, out var value) ? value.GetString() : null;

    private string? Text(string name) => row.TryGetProperty(name, out var value) ? value.GetString() : null;

    private IReadOnlyList<(string From, string To)> Pairs(string name) =>
        row.TryGetProperty(name, out var pairs) ? [.. pairs.EnumerateArray().Select(pair => (pair[0].GetString()!, pair[1].GetString()!))] : [];
}

/// <summary>Keys and certificates made for one run of the tests, and what stands for them in <c>schemes.json</c>.</summary>
internal sealed class SchemeKeys : IWebhookFetcher, IDisposable
{
    // The first two key pairs of RFC 8032 §7.1: the framework makes none.
    private static readonly byte[] EdwardsSeed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc4" + "4449c5697b326919703bac031cae7f60");
    private static readonly string EdwardsPublic = "d75a980182b10ab7d54bfed3c964073a" + "0ee172f3daa62325af021a68f707511a";
    private static readonly string EdwardsOther = "3d4017c3e843895a92b70aa74d1b7ebc" + "9c982ccf2ec4968cc0cd55f12af4660c";

    private readonly ECDsa elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa otherElliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA rsa = RSA.Create(2048);
    private readonly X509Certificate2 root = Root("A root of the tests");
    private readonly X509Certificate2 otherRoot = Root("Another root");
    private readonly Dictionary<string, byte[]> documents = [];

    /// <summary>Puts a certificate of the tests' root where a request says it is.</summary>
    public void Serve(string address, string name)
    {
        var request = new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, root.NotBefore, root.NotAfter, [1, 2, 3, 4]);
        documents[address] = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem());
    }

    public ValueTask<ReadOnlyMemory<byte>?> FetchAsync(Uri address, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ReadOnlyMemory<byte>?>(documents.TryGetValue(address.AbsoluteUri, out var found) ? found : null);

    public string? PrivateKey(string? kind) => kind switch
    {
        "ec" => elliptic.ExportPkcs8PrivateKeyPem(),
        "rsa" => rsa.ExportPkcs8PrivateKeyPem(),
        "ed" => new string(PemEncoding.Write("PRIVATE KEY", [.. Convert.FromHexString("302e020100300506032b657004220420"), .. EdwardsSeed])),
        _ => null,
    };

    /// <summary>Replaces the words between percent signs.</summary>
    public string Fill(string text, DateTimeOffset now)
    {
        var words = new Dictionary<string, string>
        {
            ["NOW"] = Unix(now), ["NOW1"] = Unix(now.AddSeconds(1)), ["NOWMS"] = Unix(now) + "000", ["NOWISO"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null),
            ["WHSEC"] = Whsec("twenty-four bytes secret"), ["WHSEC2"] = Whsec("another secret, wrong one"), ["SPECSEC"] = "whsec_" + "MfKQ9r8GKYqrTwjUPD8I" + "LPZIo2LaLaSw",
            ["HEX"] = string.Concat(Enumerable.Repeat("ab", 32)), ["HEX2"] = string.Concat(Enumerable.Repeat("cd", 32)),
            ["SIGNKEY"] = "signkey-test-" + string.Concat(Enumerable.Repeat("1f", 16)), ["SIGNKEY2"] = "signkey-test-" + string.Concat(Enumerable.Repeat("2f", 16)),
            ["EC"] = Spki(elliptic), ["EC2"] = Spki(otherElliptic), ["ED"] = EdwardsPublic, ["ED2"] = EdwardsOther,
            ["ROOTS"] = root.ExportCertificatePem().ReplaceLineEndings("\\n"), ["ROOTS2"] = otherRoot.ExportCertificatePem().ReplaceLineEndings("\\n"),
        };
        return words.Aggregate(text, static (all, word) => all.Replace($"%{word.Key}%", word.Value, StringComparison.Ordinal));
    }

    public void Dispose()
    {
        elliptic.Dispose();
        otherElliptic.Dispose();
        rsa.Dispose();
        root.Dispose();
        otherRoot.Dispose();
    }

    private static string Unix(DateTimeOffset moment) => moment.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Whsec(string key) => "whsec_" + Convert.ToBase64String(Encoding.UTF8.GetBytes(key));

    private static string Spki(ECDsa key) => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());

    private static X509Certificate2 Root(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }
}
