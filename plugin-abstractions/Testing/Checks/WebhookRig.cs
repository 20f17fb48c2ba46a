using System.Security.Cryptography;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Simulation;
using IntegrationHub.Templates;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Testing.Checks;

/// <summary>Sends a plugin's sample webhooks to its receiver.</summary>
internal sealed class WebhookRig
{
    private const string Url = "https://hub.example.com/v1/webhooks/kit/conn_kit";
    private const string VerifyName = "VerifyAsync";
    private const string MessageId = "msg_kit_0001";
    private readonly SuiteContext suite;
    private bool blocked;

    public WebhookRig(SuiteContext suite, WebhooksManifest webhooks)
    {
        this.suite = suite;
        Webhooks = webhooks;
        Receiver = suite.Plugin.Receiver();
        Connection = suite.Connections.Make();
        Stranger = suite.Connections.Make(variant: 1);
        Samples = suite.Manifest.Simulator?.Webhooks ?? new Dictionary<string, SimulatorWebhook>();
        Signable = [.. Enumerable.Range(0, webhooks.Verify.Count).Where(index => WebhookSigner.CanSign(webhooks.Verify[index]))];
    }

    public WebhooksManifest Webhooks { get; }

    public WebhookReceiver Receiver { get; }

    public ConnectionContext Connection { get; }

    /// <summary>Another connection, with other secrets.</summary>
    public ConnectionContext Stranger { get; }

    public IReadOnlyDictionary<string, SimulatorWebhook> Samples { get; }

    /// <summary>The schemes that the suite can sign for.</summary>
    public IReadOnlyList<int> Signable { get; }

    public WebhookRequest Request(SimulatorWebhook sample) => SimulatedWebhooks.ToRequest(sample, Url, SuiteClock.Now);

    /// <summary>A sample as the provider would send it at a time.</summary>
    public WebhookRequest? Sign(int scheme, SimulatorWebhook sample, DateTimeOffset sentAt, out string? problem) =>
        Sign(scheme, sample, sentAt, Connection, suite.Connections.PrivateKeys.GetValueOrDefault(Webhooks.Verify[scheme].Scheme), out problem);

    /// <summary>A sample signed by somebody else's secret or key.</summary>
    public WebhookRequest? SignWithStranger(int scheme, SimulatorWebhook sample)
    {
        using AsymmetricAlgorithm? key = Webhooks.Verify[scheme].Scheme switch
        {
            VerifyScheme.Ecdsa => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            VerifyScheme.Rsa => RSA.Create(2048),
            _ => null,
        };
        return key is null && !SecretsDiffer(Webhooks.Verify[scheme]) ? null : Sign(scheme, sample, SuiteClock.Now, Stranger, key?.ExportPkcs8PrivateKeyPem(), out _);
    }

    /// <summary>Whether the two connections have different secrets for a scheme; a schema may leave no choice.</summary>
    public bool SecretsDiffer(VerifyManifest scheme)
    {
        string? Render(string? template, ConnectionContext connection) =>
            template is null ? null : Template.Compile(template).RenderText(new TemplateScope().Set("config", connection.Config).Set("env", connection.EnvironmentValues));
        return Render(scheme.Secret ?? scheme.Password, Connection) != Render(scheme.Secret ?? scheme.Password, Stranger);
    }

    public WebhookRequest WithSignature(SimulatorWebhook sample, string value)
    {
        var request = Request(sample);
        foreach (var scheme in Webhooks.Verify)
        {
            request = With(request, header: (scheme.Header ?? "Authorization", value));
            if (scheme.TimestampHeader is { } timestamp)
                request = With(request, header: (timestamp, SuiteClock.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        return request;
    }

    /// <summary>Asks the receiver, with a deadline for plugins' own verifiers.</summary>
    public async Task<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CheckLog log)
    {
        var refused = VerificationResult.Refused(VerificationFailure.SignatureMismatch, "The verifier did not return.");
        if (blocked)
            return refused;

        if (suite.Plugin.Adapter is not IWebhookVerifier own || Webhooks.Verify.All(scheme => scheme.Scheme != VerifyScheme.Custom))
            return await Receiver.VerifyAsync(request, connection, CancellationToken.None).ConfigureAwait(false);

        await AskAsync(own, request, connection, log).ConfigureAwait(false);
        return blocked ? refused : await VerifyAsync(suite, Receiver, request, connection).ConfigureAwait(false) ?? refused;
    }

    /// <summary>Asks a receiver on another thread; <see langword="null"/> when the plugin's own verifier does not return.</summary>
    public static async Task<VerificationResult?> VerifyAsync(SuiteContext suite, WebhookReceiver receiver, WebhookRequest request, ConnectionContext connection)
    {
        if (suite.Blocked.Operations.Contains(VerifyName))
            return null;

        try
        {
            return await Task.Run(async () => await receiver.VerifyAsync(request, connection, CancellationToken.None).ConfigureAwait(false)).WaitAsync(suite.Options.CallTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            suite.Blocked.Add(VerifyName);
            return null;
        }
    }

    public static WebhookRequest With(WebhookRequest request, ReadOnlyMemory<byte>? body = null, (string Name, string? Value)? header = null)
    {
        var headers = new Dictionary<string, IReadOnlyList<string>>(request.Headers, StringComparer.OrdinalIgnoreCase);
        if (header is { } change)
        {
            headers.Remove(change.Name);
            if (change.Value is not null)
                headers[change.Name] = [change.Value];
        }

        return new WebhookRequest
        {
            Method = request.Method, Url = request.Url, Path = request.Path, QueryString = request.QueryString, Headers = headers, Body = body ?? request.Body, ReceivedAt = request.ReceivedAt,
        };
    }

    /// <summary>The request with nothing but its content type.</summary>
    public static WebhookRequest WithoutHeaders(WebhookRequest request) =>
        request.Headers.Keys.Where(name => !name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Aggregate(request, (bare, name) => With(bare, header: (name, null)));

    /// <summary>The headers that signing added.</summary>
    public static IEnumerable<string> Added(WebhookRequest before, WebhookRequest after) => after.Headers.Keys.Where(name => !before.Headers.ContainsKey(name));

    private WebhookRequest? Sign(int scheme, SimulatorWebhook sample, DateTimeOffset sentAt, ConnectionContext connection, string? privateKey, out string? problem)
    {
        problem = null;
        if (!Signable.Contains(scheme))
            return null;

        try
        {
            return new WebhookSigner(Webhooks.Verify[scheme]).Sign(Request(sample), connection, sentAt, MessageId, privateKey);
        }
        catch (ArgumentException fault)
        {
            problem = fault.Message;
            return null;
        }
    }

    // Asked directly: the receiver turns what a verifier throws into a refusal, and would wait for it for ever.
    private async Task AskAsync(IWebhookVerifier verifier, WebhookRequest request, ConnectionContext connection, CheckLog log)
    {
        try
        {
            await Task.Run(async () => await verifier.VerifyAsync(request, connection, CancellationToken.None).ConfigureAwait(false)).WaitAsync(suite.Options.CallTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            blocked = true;
            suite.Blocked.Add(VerifyName);
            log.Error("/webhooks/verify", "The plugin's VerifyAsync does not return.", "Verification computes; it waits for nothing.");
        }
        catch (Exception fault)
        {
            log.Error("/webhooks/verify", $"The plugin's VerifyAsync threw {fault.GetType().Name}.", "Return VerificationResult.Refused for whatever cannot be read.");
        }
    }
}
