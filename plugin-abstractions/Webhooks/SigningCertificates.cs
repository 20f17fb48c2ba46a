using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>A certificate's address and the roots it must lead to, from one request.</summary>
internal readonly record struct CertificatePlace(Uri Address, string? Roots);

/// <summary>What is known of a certificate: its public key, or why it does not count.</summary>
/// <param name="Result">Verified when it counts.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo in base64; empty when it does not count.</param>
/// <param name="Until">When this is asked anew.</param>
/// <param name="NotAfter">When the certificate goes out of date.</param>
internal sealed record KnownCertificate(VerificationResult Result, string PublicKey, DateTimeOffset Until, DateTimeOffset NotAfter = default);

/// <summary>
/// The certificates that requests of one scheme name: located, fetched, judged and kept. Fetching never happens on the way of a request whose certificate is known. Thread-safe.
/// </summary>
/// <remarks>
/// Strangers choose the addresses, within the manifest's hosts and path. So only a few are fetched at once, what cannot be had is not asked for again at once, and what is kept is bounded;
/// beyond that a request stays undecided, which makes its sender try again.
/// </remarks>
internal sealed class SigningCertificates
{
    /// <summary>How long a request waits for its certificate. The fetch goes on without it, for the next try.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan FetchLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeepGood = TimeSpan.FromDays(1);
    private static readonly TimeSpan KeepBad = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan KeepUnreachable = TimeSpan.FromSeconds(10);

    private const int MaxKnown = 256;
    private const int MaxFetches = 4;
    private const int MaxIssuers = 4;

    private readonly RequestTemplate url;
    private readonly RequestTemplate? roots;
    private readonly HostPatterns hosts;
    private readonly HostPatterns names;
    private readonly HostPatterns issuers;
    private readonly StarPattern? path;
    private readonly IWebhookFetcher? fetcher;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<CertificatePlace, KnownCertificate> known = new();
    private readonly ConcurrentDictionary<CertificatePlace, Lazy<Task<KnownCertificate>>> underWay = new();
    private int fetches;

    /// <exception cref="ArgumentException">A rule is faulty.</exception>
    public SigningCertificates(CertificateManifest rules, IWebhookFetcher? fetcher, TimeProvider time)
    {
        url = RequestTemplate.Compile(rules.Url, Part.Content, "verify.certificate.url");
        roots = rules.Roots is null ? null : RequestTemplate.Compile(rules.Roots, Part.Connection, "verify.certificate.roots");
        hosts = new HostPatterns(rules.Hosts, "verify.certificate.hosts");
        names = new HostPatterns(rules.Names, "verify.certificate.names");
        issuers = new HostPatterns(rules.Issuers, "verify.certificate.issuers");
        if (!hosts.Any || !names.Any)
            throw new ArgumentException("verify.certificate: without 'hosts' and 'names' it would be anybody's certificate.");

        path = rules.Path is null ? null : new StarPattern(rules.Path, static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '~' or '-');
        this.fetcher = fetcher;
        this.time = time;
    }

    /// <summary>Finds out where the request's certificate is; refuses addresses that cannot be the provider's.</summary>
    public VerificationResult Locate(RequestParts request, ConnectionContext connection, int config, out CertificatePlace place)
    {
        place = default;
        if (url.FindAmbiguous(request) is { } ambiguous)
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, ambiguous);
        if (url.Render(new PartValues { Request = request }) is not { Length: > 0 } text)
            return VerificationResult.Refused(VerificationFailure.MissingSignature, "The request does not say where its certificate is.");
        if (hosts.Read(text) is not { } address || address.Query.Length > 0 || path?.Match(address.AbsolutePath) == false)
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, "The certificate's address is not the provider's.");

        var settings = config == 0 ? connection.Config : connection.PreviousConfigs[config - 1];
        place = new CertificatePlace(address, roots?.Render(new PartValues { Request = request, Connection = connection, Config = settings }));
        return VerificationResult.Verified;
    }

    /// <summary>What is known of a certificate; nothing when it must be fetched.</summary>
    public KnownCertificate? Find(CertificatePlace place) => known.TryGetValue(place, out var found) && time.GetUtcNow() < found.Until ? found : null;

    /// <summary>Fetches a certificate and judges it, once for all who wait for it, and waits a limited time.</summary>
    public async Task<KnownCertificate> ObtainAsync(CertificatePlace place, CancellationToken cancellationToken)
    {
        if (Find(place) is { } found)
            return found;
        if (fetcher is null)
            return Unreachable("No certificates are fetched here.");

        var fetch = underWay.GetOrAdd(place, static (asked, self) => new Lazy<Task<KnownCertificate>>(() => self.FetchAsync(asked)), this).Value;
        try
        {
            return await fetch.WaitAsync(Patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return Unreachable("The certificate has not arrived in time.");
        }
    }

    private async Task<KnownCertificate> FetchAsync(CertificatePlace place)
    {
        await Task.Yield(); // the first to ask has a place in the table before this ends
        KnownCertificate result;
        var mayFetch = Interlocked.Increment(ref fetches) <= MaxFetches;
        try
        {
            using var limit = new CancellationTokenSource(FetchLimit, time);
            result = mayFetch && MakeRoom() ? await JudgeAsync(place, limit.Token).ConfigureAwait(false) : Unreachable("Too many certificates are being fetched.");
        }
        catch (Exception exception)
        {
            // Whatever a fetcher or a broken certificate brings: nothing was proven.
            result = Unreachable($"The certificate cannot be fetched: {exception.GetType().Name}.");
        }
        finally
        {
            Interlocked.Decrement(ref fetches);
        }

        // A certificate is what it was yesterday, also while its host cannot be reached.
        var now = time.GetUtcNow();
        if (result.Result.Failure == VerificationFailure.Undecided && known.TryGetValue(place, out var before) && before.Result.Ok && before.NotAfter > now)
            result = before with { Until = Earlier(before.NotAfter, now + KeepBad) };
        if (mayFetch)
            known[place] = result;

        underWay.TryRemove(place, out _);
        return result;
    }

    private async Task<KnownCertificate> JudgeAsync(CertificatePlace place, CancellationToken cancellationToken)
    {
        if (await fetcher!.FetchAsync(place.Address, cancellationToken).ConfigureAwait(false) is not { } bytes)
            return Unreachable("The certificate cannot be fetched.");
        if (Read(bytes) is not [{ } certificate, ..] chain)
            return Unreachable("What was fetched is no certificate.");

        try
        {
            if (!Array.Exists(DnsNames(certificate), names.Match))
                return Untrusted("The certificate carries another name than the provider's.");

            return await FindFaultAsync(certificate, chain, place.Roots, cancellationToken).ConfigureAwait(false) is { } fault
                ? fault
                : Trusted(certificate);
        }
        finally
        {
            foreach (var each in chain)
                each.Dispose();
        }
    }

    /// <summary>Builds the chain, with issuers fetched where the certificate says they are. Revocation is not asked for: lists would come from where no egress rule looks.</summary>
    private async Task<KnownCertificate?> FindFaultAsync(X509Certificate2 certificate, X509Certificate2Collection others, string? trusted, CancellationToken cancellationToken)
    {
        for (var fetched = 0; ; fetched++)
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
            chain.ChainPolicy.VerificationTimeIgnored = false;
            chain.ChainPolicy.ExtraStore.AddRange(others);
            if (trusted is not null)
            {
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.ImportFromPem(trusted.Replace("\\n", "\n", StringComparison.Ordinal));
            }

            if (chain.Build(certificate))
                return null;

            var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, next) => all | next.Status);
            if (status != X509ChainStatusFlags.PartialChain)
                return Untrusted($"The certificate is not trusted: {status}.");

            var last = chain.ChainElements[^1].Certificate;
            var address = Issuers(last).Select(each => issuers.Read(each, allowHttp: true)).FirstOrDefault(static each => each is not null);
            if (address is null || fetched == MaxIssuers)
                return Untrusted("The certificate's issuer is unknown.");
            if (await fetcher!.FetchAsync(address, cancellationToken).ConfigureAwait(false) is not { } bytes || Read(bytes) is not { Count: > 0 } found)
                return Unreachable("The certificate's issuer cannot be fetched.");

            others.AddRange(found);
        }
    }

    private static IEnumerable<string> Issuers(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509AuthorityInformationAccessExtension>().SelectMany(static access => access.EnumerateCAIssuersUris());

    private static string[] DnsNames(X509Certificate2 certificate)
    {
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(static names => names.EnumerateDnsNames()).ToArray();
        return alternatives.Length > 0 ? alternatives : [certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false)];
    }

    private static X509Certificate2Collection? Read(ReadOnlyMemory<byte> bytes)
    {
        var found = new X509Certificate2Collection();
        try
        {
            if (bytes.Span.IndexOf("-----BEGIN"u8) >= 0)
                found.ImportFromPem(System.Text.Encoding.ASCII.GetString(bytes.Span));
            else
                found.Add(X509CertificateLoader.LoadCertificate(bytes.Span));

            return found.Count > 0 ? found : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Lets go of what is out of date; whether there is room then.</summary>
    private bool MakeRoom()
    {
        if (known.Count < MaxKnown)
            return true;

        var now = time.GetUtcNow();
        foreach (var (place, certificate) in known)
        {
            if (certificate.Until <= now)
                known.TryRemove(place, out _);
        }

        return known.Count < MaxKnown;
    }

    private KnownCertificate Trusted(X509Certificate2 certificate)
    {
        DateTimeOffset end = certificate.NotAfter.ToUniversalTime();
        var key = Convert.ToBase64String(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        return new KnownCertificate(VerificationResult.Verified, key, Earlier(end, time.GetUtcNow() + KeepGood), end);
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private KnownCertificate Unreachable(string why) =>
        new(VerificationResult.Refused(VerificationFailure.Undecided, why), "", time.GetUtcNow() + KeepUnreachable);

    private KnownCertificate Untrusted(string why) =>
        new(VerificationResult.Refused(VerificationFailure.SignatureMismatch, why), "", time.GetUtcNow() + KeepBad);
}
