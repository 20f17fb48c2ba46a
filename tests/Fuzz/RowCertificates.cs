using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>Two roots, with one certificate of each where requests say it is; any other address has none.</summary>
internal sealed class RowCertificates : IWebhookFetcher
{
    private readonly Dictionary<string, (byte[] Pem, RSA Key, string Roots)> served = [];

    public RowCertificates(string address, string name)
    {
        Address = address;
        OtherAddress = address[..^5] + (address.EndsWith(".pem", StringComparison.Ordinal) ? "2.pem" : "00002");
        Roots = Serve(Address, name, "A root of the fuzzer");
        OtherRoots = Serve(OtherAddress, name, "Another root of the fuzzer");
    }

    public string Address { get; }

    public string OtherAddress { get; }

    /// <summary>In PEM: what the connection trusts, and so what stands for its secret.</summary>
    public string Roots { get; }

    public string OtherRoots { get; }

    /// <summary>The key of the certificate there, if it leads to the roots.</summary>
    public RSA? KeyAt(string? address, string roots) => address is not null && Uri.TryCreate(address, UriKind.Absolute, out var uri) && served.TryGetValue(uri.AbsoluteUri, out var found) && found.Roots == roots ? found.Key : null;

    public RSA KeyFor(string roots) => served[roots == OtherRoots ? OtherAddress : Address].Key;

    public ValueTask<ReadOnlyMemory<byte>?> FetchAsync(Uri address, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ReadOnlyMemory<byte>?>(served.TryGetValue(address.AbsoluteUri, out var found) ? found.Pem : null);

    private string Serve(string address, string name, string rootName)
    {
        using var rootKey = RSA.Create(2048);
        var authority = new CertificateRequest($"CN={rootName}", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var root = authority.CreateSelfSigned(Draft.Now.AddYears(-1), Draft.Now.AddYears(5));
        var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, root.NotBefore, root.NotAfter, [1, 2, 3, 4]);
        var roots = root.ExportCertificatePem();
        served[address] = (Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()), key, roots);
        return roots;
    }
}
