using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

internal static partial class Schemes
{
    // RFC 8032 §7.1, the first key pair; the signatures over timestamp and body were made with it by another library (Node's crypto): the framework has no Ed25519.
    private const string EdwardsPublic = "d75a980182b10ab7d54bfed3c964073a" + "0ee172f3daa62325af021a68f707511a";

    private static readonly (string Body, string Signature)[] EdwardsSigned =
    [
        ("{\"type\":1}", "3df653b675486098c87efa59164b468793c4d1da4c4b3d049796dfd2f5ec242288a05b4667a5a5fc975f3fc271d164195b11557a662a0fdc757ebfc656fb0c09"),
        ("{\"id\":\"1\",\"type\":2,\"data\":{\"name\":\"roll\"}}", "6f4f11f9f4dbaa2e0ec33a36fa18c7804afb0cf287988940dd26ef7830a04b5361246ece308824d88bde87ecc4536357bbdfa9fc1233f4991f092bd72599d303"),
        ("{}", "7b6880199460b4804a9f885b881015e6fc462735c37cc70de754417fcba371247802b397a531845db0550f1ecce192f9c6b3108edffe7cf716d62c927c23970f"),
        ("{\"id\":\"9\",\"type\":3,\"data\":{\"custom_id\":\"مرحبا\"}}", "6ad7f7d1620f7834e3c62bd5402ebafb41853c7b8f35a4fdedf811f9b09e56cec69da6659882a8ecdee8b531338d949627af941b66ff1db951fe0566d73aee01"),
    ];

    private static readonly Dictionary<string, AsymmetricAlgorithm> Readers = [];

    private static IEnumerable<Scheme> Keys()
    {
        var (rsa, rsaPrivate) = RsaKey();
        var (oldRsa, oldRsaPrivate) = RsaKey();
        yield return new Scheme
        {
            Name = "rsa",
            Rules = new WebhooksManifest
            {
                Verify =
                [
                    new VerifyManifest
                    {
                        Scheme = VerifyScheme.Rsa, PublicKey = "{config.secret}", Header = "X-Signature", Encoding = "base64", TimestampHeader = "X-Timestamp",
                        Signed = "{timestamp}|{header.X-Id}|{body.sha256}", Tolerance = FiveMinutes,
                    },
                ],
                Event = Usual,
            },
            Headers = [("X-Id", "delivery-1")],
            Genuine = (request, key) => Straight.Near(Straight.Single(request, "X-Timestamp"), 300) && Straight.FromBase64(Straight.Single(request, "X-Signature") ?? "") is { Length: > 0 } signature
                && VerifyRsa(key, Straight.Join(Straight.Single(request, "X-Timestamp"), "|", Straight.Single(request, "X-Id"), "|", Convert.ToHexStringLower(SHA256.HashData(request.Body.Span))), signature),
            Secret = rsa, OldSecret = oldRsa, PrivateKey = rsaPrivate, OldPrivateKey = oldRsaPrivate,
        };
        yield return new Scheme
        {
            Name = "discord",
            Rules = new WebhooksManifest
            {
                Verify =
                [
                    new VerifyManifest
                    {
                        Scheme = VerifyScheme.Ed25519, PublicKey = "{config.secret}", Header = "X-Signature-Ed25519", TimestampHeader = "X-Signature-Timestamp", Signed = "{timestamp}{body}", Tolerance = FiveMinutes,
                    },
                ],
                Event = Usual with { Type = ["interaction.{/type}"] },
            },
            Secret = EdwardsPublic,
            OldSecret = "3d4017c3e843895a92b70aa74d1b7ebc" + "9c982ccf2ec4968cc0cd55f12af4660c",
            MakeBody = dice => Encoding.UTF8.GetBytes(dice.PickFrom(EdwardsSigned).Body),
            SignBy = (draft, _, _) =>
            {
                // Only these four can be signed here; any other body keeps the signature that it has.
                var (body, signature) = EdwardsSigned.FirstOrDefault(signed => signed.Body == draft.Text, EdwardsSigned[0]);
                draft.Text = body;
                draft.SetHeader("X-Signature-Timestamp", "1767268800");
                draft.SetHeader("X-Signature-Ed25519", signature);
            },
            // The scheme is strongly unforgeable: without the private key there is no other message and no other signature than those four.
            Genuine = (request, key) => key == EdwardsPublic && EdwardsSigned.Any(signed =>
                Straight.Join(Straight.Single(request, "X-Signature-Timestamp"), request.Body).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes("1767268800" + signed.Body))
                && Straight.Near(Straight.Single(request, "X-Signature-Timestamp"), 300)
                && Straight.Is(Straight.Single(request, "X-Signature-Ed25519"), Convert.FromHexString(signed.Signature))),
        };
        var (elliptic, ellipticPrivate) = EllipticKey();
        var (oldElliptic, oldEllipticPrivate) = EllipticKey();
        yield return Token("jwt-es256", new VerifyManifest { Scheme = VerifyScheme.Jwt, PublicKey = "{config.secret}" }, elliptic, oldElliptic, (data, key) =>
        {
            using var signer = ECDsa.Create();
            signer.ImportFromPem(key == elliptic ? ellipticPrivate : oldEllipticPrivate);
            return signer.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        });
        yield return Token("jwt-hs256", new VerifyManifest { Scheme = VerifyScheme.Jwt, Secret = "{config.secret}" }, Secret, OldSecret, (data, key) => Straight.Mac("sha256", Key(key), data));
    }

    private static IEnumerable<Scheme> Others()
    {
        var token = new VerifyManifest { Scheme = VerifyScheme.Token, Secret = "{config.secret}" };
        yield return Uncovered("token-bearer", token with { Header = "Authorization", Format = "Bearer {signature}" }, (request, secret) =>
            Straight.Single(request, "Authorization") is { Length: > 7 } value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && value[7..] == secret);
        yield return Uncovered("token-header", token with { Header = "X-Gitlab-Token" }, (request, secret) => Straight.Single(request, "X-Gitlab-Token") == secret);
        yield return Uncovered("token-query", token with { Query = "key" }, (request, secret) => Straight.Query(request).Where(pair => pair.Name == "key").ToList() is [var only] && only.Value == secret);
        yield return Uncovered("token-body", token with { Body = "/clientState" }, (request, secret) => Straight.Value(request, "clientState") == secret);
        yield return Uncovered(
            "basic",
            new VerifyManifest { Scheme = VerifyScheme.Basic, Username = "{config.username}", Password = "{config.secret}" },
            (request, secret) => Straight.Single(request, "Authorization") is { Length: > 6 } value && value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
                && Straight.FromBase64(value[6..].Trim(' ')) is { } bytes && bytes.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes("hub:" + secret)));

        string[] fields = ["amount_cents", "created_at", "currency", "id", "order/id", "owner", "pending", "success"];
        yield return Uncovered(
            "paymob",
            new VerifyManifest { Scheme = VerifyScheme.Hmac, Algorithm = "sha512", Secret = "{config.secret}", Query = "hmac", Signed = string.Concat(fields.Select(field => $"{{/obj/{field}}}")) },
            (request, secret) => Straight.Query(request).Where(pair => pair.Name == "hmac").ToList() is [var only]
                && Straight.Is(only.Value, Straight.Mac("sha512", Key(secret), Straight.Join([.. fields.Select(field => (object?)(Straight.Value(request, ["obj", .. field.Split('/')]) ?? ""))]))),
            Bodies.Paymob,
            new EventManifest { Id = ["{/obj/id}"], Type = ["/type"], Time = ["/obj/created_at"], Data = "/obj" });

        const string item = "/notificationItems/0/NotificationRequestItem";
        string[] parts = ["pspReference", "originalReference", "merchantAccountCode", "merchantReference", "amount/value", "amount/currency", "eventCode", "success"];
        yield return Uncovered(
            "adyen",
            new VerifyManifest
            {
                Scheme = VerifyScheme.Hmac, Secret = "{config.secret}", Encoding = "base64", Body = item + "/additionalData/hmacSignature", Signed = string.Join(':', parts.Select(part => $"{{{item}/{part}}}")),
            },
            (request, secret) => Straight.Is(
                Straight.Value(request, [.. item[1..].Split('/'), "additionalData", "hmacSignature"]),
                Straight.Mac("sha256", Key(secret), Encoding.UTF8.GetBytes(string.Join(':', parts.Select(part => Straight.Value(request, [.. item[1..].Split('/'), .. part.Split('/')]) ?? ""))))),
            Bodies.Adyen,
            new EventManifest { Batch = "/notificationItems", Id = ["/NotificationRequestItem/pspReference"], Type = ["/NotificationRequestItem/eventCode"], Data = "/NotificationRequestItem" });
        yield return Uncovered(
            "mailgun",
            new VerifyManifest
            {
                Scheme = VerifyScheme.Hmac, Secret = "{config.secret}", Body = "/signature/signature", TimestampBody = "/signature/timestamp", Signed = "{timestamp}{/signature/token}", Tolerance = FiveMinutes,
            },
            (request, secret) => Straight.Near(Straight.Value(request, "signature", "timestamp"), 300) && Straight.Is(
                Straight.Value(request, "signature", "signature"),
                Straight.Mac("sha256", Key(secret), Straight.Join(Straight.Value(request, "signature", "timestamp"), Straight.Value(request, "signature", "token")))),
            Bodies.Signals,
            new EventManifest { Id = ["/event-data/id"], Type = ["/event-data/event"], Time = ["/event-data/timestamp"], Data = "/event-data" });
    }

    private static Scheme Uncovered(string name, VerifyManifest verify, Func<WebhookRequest, string, bool> genuine, Func<Dice, byte[]>? body = null, EventManifest? rules = null) => new()
    {
        Name = name, Rules = new WebhooksManifest { Verify = [verify], Event = rules ?? Usual }, Genuine = genuine, MakeBody = body ?? Bodies.Json, CoversBody = false,
    };

    /// <summary>A token with the body's hash among its claims.</summary>
    private static Scheme Token(string name, VerifyManifest verify, string secret, string oldSecret, Func<byte[], string, byte[]> sign) => new()
    {
        Name = name,
        Rules = new WebhooksManifest
        {
            Verify =
            [
                verify with
                {
                    Header = "Authorization", Format = "Bearer {signature}", Tolerance = FiveMinutes, BodyHash = new Dictionary<string, string> { ["claim.body_sha256"] = "sha256-hex" },
                },
            ],
            Event = Usual,
        },
        Secret = secret,
        OldSecret = oldSecret,
        SignBy = (draft, dice, key) =>
        {
            var now = Draft.Now.ToUnixTimeSeconds();
            var algorithm = dice.OneIn(40) ? dice.Pick("none", "HS512", "hs256", "\\ud800", "RS256") : name.EndsWith("hs256", StringComparison.Ordinal) ? "HS256" : "ES256";
            var head = $"{{\"alg\":\"{algorithm}\",\"typ\":\"JWT\"{(dice.OneIn(40) ? dice.Pick(",\"crit\":[\"x\"]", ",\"\\ud800\":1", ",\"alg\":\"none\"") : "")}}}";
            var odd = dice.OneIn(10) ? dice.Pick(",\"exp\":1e300", ",\"exp\":\"soon\"", ",\"nbf\":-1", ",\"exp\":1", ",\"\\udfff\":{}", ",\"iat\":1767268800.5", ",\"nbf\":1767269800", ",\"iat\":1767260000") : "";
            var claims = $"{{\"iss\":\"vendor\",\"iat\":{now},\"exp\":{now + 60},\"body_sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(draft.Body))}\"{odd}}}";
            var text = $"{Url(Encoding.UTF8.GetBytes(head))}.{Url(Encoding.UTF8.GetBytes(claims))}";
            draft.SetHeader("Authorization", $"Bearer {text}.{Url(sign(Encoding.ASCII.GetBytes(text), key))}");
        },
        Genuine = (request, key) => IsToken(request, name.EndsWith("hs256", StringComparison.Ordinal) ? "HS256" : "ES256", (data, signature) =>
            verify.PublicKey is null ? Straight.Mac("sha256", Key(key), data).AsSpan().SequenceEqual(signature) : VerifyElliptic(key, data, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)),
    };

    private static bool IsToken(WebhookRequest request, string algorithm, Func<byte[], byte[], bool> verify)
    {
        if (Straight.Single(request, "Authorization") is not { Length: > 7 } value || !value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            || value[7..].Split('.') is not [var head, var claims, var signature]
            || Straight.FromBase64(head) is not { } headBytes || Straight.FromBase64(claims) is not { } claimBytes || Straight.FromBase64(signature) is not { } signatureBytes
            || !verify(Encoding.ASCII.GetBytes($"{head}.{claims}"), signatureBytes))
            return false;

        try
        {
            using var header = JsonDocument.Parse(headBytes);
            using var body = JsonDocument.Parse(claimBytes);
            var now = Draft.Now.ToUnixTimeSeconds();
            return Straight.Member(header.RootElement, "alg")?.GetString() == algorithm
                && Straight.Member(header.RootElement, "crit") is null
                && Straight.Member(body.RootElement, "iat") is { } iat && Math.Abs(Math.Truncate(iat.GetDouble()) - now) <= 300
                && (Straight.Member(body.RootElement, "exp") is not { } exp || exp.GetDouble() > now - 61)
                && (Straight.Member(body.RootElement, "nbf") is not { } nbf || nbf.GetDouble() < now + 61)
                && Straight.Is(Straight.Member(body.RootElement, "body_sha256")?.GetString(), SHA256.HashData(request.Body.Span));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return false;
        }
    }

    private static string Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    internal static (string Public, string Private) EllipticKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), key.ExportPkcs8PrivateKeyPem());
    }

    private static (string Public, string Private) RsaKey()
    {
#pragma warning disable CA5385 // Short, since hundreds of thousands of signatures are made with it and none protects anything.
        using var key = RSA.Create(1024);
#pragma warning restore CA5385
        return (Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), key.ExportPkcs8PrivateKeyPem());
    }

    internal static bool VerifyElliptic(string publicKey, byte[] data, byte[] signature, DSASignatureFormat format)
    {
        try
        {
            return Reader<ECDsa>(publicKey, ECDsa.Create).VerifyData(data, signature, HashAlgorithmName.SHA256, format);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return false;
        }
    }

    private static bool VerifyRsa(string publicKey, byte[] data, byte[] signature)
    {
        try
        {
            return Reader<RSA>(publicKey, RSA.Create).VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return false;
        }
    }

    private static T Reader<T>(string publicKey, Func<T> create)
        where T : AsymmetricAlgorithm
    {
        lock (Readers)
        {
            if (Readers.TryGetValue(publicKey, out var known))
                return (T)known;

            var key = create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
            Readers[publicKey] = key;
            return key;
        }
    }
}
