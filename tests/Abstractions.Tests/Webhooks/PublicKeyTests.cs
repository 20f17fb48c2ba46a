using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>Signatures with a key pair. The Ed25519 vectors are those of RFC 8032 §7.1.</summary>
public sealed class PublicKeyTests
{
    private const string Body = "[{\"event\":\"delivered\"}]\r\n";

    private static readonly VerifyManifest Ecdsa = new()
    {
        Scheme = VerifyScheme.Ecdsa, PublicKey = "{config.publicKey}", Header = "S", Encoding = "base64", TimestampHeader = "T", Signed = "{timestamp}{body}",
    };

    private static readonly VerifyManifest Rsa = new() { Scheme = VerifyScheme.Rsa, PublicKey = "{config.publicKey}", Header = "S", Encoding = "base64" };

    [Theory]
    [InlineData("nistP256", "sha256")]
    [InlineData("nistP384", "sha384")]
    [InlineData("nistP521", "sha512")]
    public void Ecdsa_SpkiAndPem_AreAccepted(string curve, string algorithm)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        var signature = key.SignData(Encoding.UTF8.GetBytes(Inbound.Unix + Body), new HashAlgorithmName(algorithm.ToUpperInvariant()), DSASignatureFormat.Rfc3279DerSequence);
        var request = Inbound.Request(Body, headers: [("S", Convert.ToBase64String(signature)), ("T", $"{Inbound.Unix}")]);
        var pem = key.ExportSubjectPublicKeyInfoPem();

        foreach (var text in new[] { Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), pem, pem.Replace("\n", "\\n", StringComparison.Ordinal) })
        {
            var receiver = Inbound.Receiver(Ecdsa with { Algorithm = algorithm });
            Assert.True(receiver.Verify(request, Inbound.Connection(new { publicKey = text })).Ok);
            Assert.True(receiver.Verify(request, Inbound.Connection(new { publicKey = text })).Ok); // the second time with the cached key
        }
    }

    [Fact]
    public void Ecdsa_ChangedOrForeign_IsMismatch()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signature = Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(Inbound.Unix + Body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        var receiver = Inbound.Receiver(Ecdsa);
        var ours = Inbound.Connection(new { publicKey = key.ExportSubjectPublicKeyInfoPem() });
        var theirs = Inbound.Connection(new { publicKey = other.ExportSubjectPublicKeyInfoPem() });

        Assert.Equal(VerificationFailure.SignatureMismatch, receiver.Verify(Request(Body, signature, Inbound.Unix), theirs).Failure);
        Assert.Equal(VerificationFailure.SignatureMismatch, receiver.Verify(Request(Body.TrimEnd(), signature, Inbound.Unix), ours).Failure);
        Assert.Equal(VerificationFailure.SignatureMismatch, receiver.Verify(Request(Body, signature, Inbound.Unix + 1), ours).Failure);
        Assert.True(receiver.Verify(Request(Body, signature, Inbound.Unix), ours).Ok);
    }

    [Theory]
    [InlineData("AAAA", VerificationFailure.SignatureMismatch)]
    [InlineData("MAYCAQACAQA=", VerificationFailure.SignatureMismatch)]
    [InlineData("MIQAAAAA", VerificationFailure.SignatureMismatch)]
    [InlineData("no base64!", VerificationFailure.MalformedSignature)]
    public void Ecdsa_HostileSignature_IsRefused(string signature, VerificationFailure expected)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var result = Inbound.Receiver(Ecdsa).Verify(Request(Body, signature, Inbound.Unix), Inbound.Connection(new { publicKey = key.ExportSubjectPublicKeyInfoPem() }));

        Assert.Equal(expected, result.Failure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a key")]
    [InlineData("AAAA")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    public void PublicKey_Unreadable_IsNotConfigured(string publicKey)
    {
        foreach (var scheme in new[] { VerifyScheme.Ecdsa, VerifyScheme.Rsa, VerifyScheme.Ed25519 })
        {
            var result = Inbound.Receiver(Rsa with { Scheme = scheme }).Verify(Request(Body, "AAAA", Inbound.Unix), Inbound.Connection(new { publicKey }));
            Assert.Equal(VerificationFailure.NotConfigured, result.Failure);
        }
    }

    [Fact]
    public async Task Rsa_ManyAtOnce_AreAcceptedAndChangedOnesRefused()
    {
        using var key = RSA.Create(2048);
        var receiver = Inbound.Receiver(Rsa);
        var connection = Inbound.Connection(new { publicKey = key.ExportSubjectPublicKeyInfoPem() });
        var signature = Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(Body), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        var pss = Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(Body), HashAlgorithmName.SHA256, RSASignaturePadding.Pss));

        var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => receiver.Verify(Request(i % 2 == 0 ? Body : "x", signature, 1), connection).Failure)));

        for (var i = 0; i < results.Length; i++)
            Assert.Equal(i % 2 == 0 ? VerificationFailure.None : VerificationFailure.SignatureMismatch, results[i]);
        Assert.Equal(VerificationFailure.SignatureMismatch, receiver.Verify(Request(Body, pss, 1), connection).Failure);
    }

    [Theory]
    [InlineData(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    [InlineData(
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704")]
    public void Ed25519_RfcVector_IsAcceptedAndEveryChangeRefused(string publicKey, string message, string signature)
    {
        var (key, data, sig) = (Ed25519.Import(Convert.FromHexString(publicKey))!, Convert.FromHexString(message), Convert.FromHexString(signature));

        Assert.True(key.Verify(data, sig));
        Assert.False(key.Verify([.. data, 0], sig));
        for (var i = 0; i < sig.Length; i++)
        {
            sig[i] ^= 1;
            Assert.False(key.Verify(data, sig));
            sig[i] ^= 1;
        }
    }

    [Fact]
    public void Ed25519_SignaturePlusOrder_IsRefused()
    {
        // S + L satisfies the same equation; RFC 8032 §5.1.7 demands S < L.
        var key = Ed25519.Import(Convert.FromHexString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))!;
        var signature = Convert.FromHexString("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
        var order = System.Numerics.BigInteger.Pow(2, 252) + System.Numerics.BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
        var malleable = (byte[])signature.Clone();
        (new System.Numerics.BigInteger(signature.AsSpan(32), isUnsigned: true) + order).TryWriteBytes(malleable.AsSpan(32), out _, isUnsigned: true);

        Assert.True(key.Verify([0x72], signature));
        Assert.False(key.Verify([0x72], malleable));
        Assert.False(key.Verify([0x72], signature.AsSpan(0, 63)));
        Assert.False(key.Verify([0x72], []));
    }

    [Theory]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = p
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")] // no point has y = 2
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")] // x = 0 with its sign set
    [InlineData("01")]
    public void Ed25519_NoPoint_IsNoKey(string publicKey) => Assert.Null(Ed25519.Import(Convert.FromHexString(publicKey)));

    [Fact]
    public void Ed25519_Scheme_ReadsHexSpkiAndPrefixedKeys()
    {
        const string hex = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        const string signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        var raw = Convert.FromHexString(hex);
        var spki = Convert.ToBase64String([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, .. raw]);
        var receiver = Inbound.Receiver(Rsa with { Scheme = VerifyScheme.Ed25519, Encoding = "hex" });

        foreach (var key in new[] { hex, spki, Convert.ToBase64String(raw), "whpk_" + Convert.ToBase64String(raw), $"-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----" })
        {
            Assert.True(receiver.Verify(Inbound.Request("r", headers: ("S", signature)), Inbound.Connection(new { publicKey = key })).Ok, key);
            Assert.False(receiver.Verify(Inbound.Request("s", headers: ("S", signature)), Inbound.Connection(new { publicKey = key })).Ok, key);
        }
    }

    private static WebhookRequest Request(string body, string signature, long timestamp) => Inbound.Request(body, headers: [("S", signature), ("T", $"{timestamp}")]);
}
