using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Quality;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Testing.Checks;

/// <summary>What vendors really sent, held against the manifest.</summary>
internal static class RecordedChecks
{
    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        var material = RecordedMaterial.Read(suite.Folder);
        await suite.Log.RunAsync("recorded.webhooks", "recorded requests are accepted and read", log => WebhooksAsync(suite, log, material), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("recorded.errors", "recorded failures get their category and code", log => ErrorsAsync(suite, log, material), cancellationToken).ConfigureAwait(false);
    }

    private static async Task WebhooksAsync(SuiteContext suite, CheckLog log, RecordedMaterial material)
    {
        foreach (var (file, problem) in material.Problems)
            log.Error("", $"{file}: {problem}");

        foreach (var recorded in suite.Manifest.Webhooks is null ? [] : material.Webhooks)
        {
            log.Case();
            var request = Request(recorded);
            var connection = Connection(suite, recorded);
            var receiver = new WebhookReceiver(suite.Manifest.Webhooks!, suite.Plugin.Adapter as IWebhookVerifier, new At(recorded.ReceivedAt), recorded);
            if (await WebhookRig.VerifyAsync(suite, receiver, request, connection).ConfigureAwait(false) is not { } verified)
            {
                log.Error("/webhooks/verify", $"{recorded.File}: the plugin's VerifyAsync does not return.");
                continue;
            }

            if (!verified.Ok)
                log.Error("/webhooks/verify", $"{recorded.File} is refused: {verified.Detail}", "Compare the vendor's documentation with webhooks.verify.");

            var read = receiver.Extract(request);
            if (read.Malformed is { } malformed)
                log.Error("/webhooks/event", $"{recorded.File} cannot be read: {malformed}");
            else if (recorded.Type is not null && !read.Events.Any(found => found.Type == recorded.Type))
                log.Error("/webhooks/event/type", $"{recorded.File} is read as '{string.Join(", ", read.Events.Select(found => found.Type))}', not '{recorded.Type}'.");

            foreach (var (what, spoiled) in verified.Ok ? Spoiled(suite, request) : [])
                if (await WebhookRig.VerifyAsync(suite, receiver, spoiled, connection).ConfigureAwait(false) is { Ok: true })
                    log.Error("/webhooks/verify", $"{recorded.File} is accepted {what} too.", "Let the signature cover the whole request.");
        }

        if (log.Cases == 0)
            log.NotApplicable("contract/webhooks has no recorded requests");
    }

    private static async Task ErrorsAsync(SuiteContext suite, CheckLog log, RecordedMaterial material)
    {
        foreach (var recorded in material.Errors)
        {
            log.Case();
            if (suite.Operations.FirstOrDefault(operation => operation.Name == recorded.Operation) is not { } operation)
            {
                log.Error("", $"{recorded.File}: there is no operation '{recorded.Operation}'.");
                continue;
            }

            var outcome = await suite.Caller.CallAsync(new CallSpec(operation.Name, operation.Usual, Answers.Always(() => Answer(recorded)))).ConfigureAwait(false);
            if (outcome.Result is not { Error: { } error })
                log.Error(operation.Pointer, $"{recorded.File}: the operation {outcome}.");
            else if (!string.Equals(JsonNamingPolicy.CamelCase.ConvertName(error.Category.ToString()), recorded.Category, StringComparison.Ordinal) || recorded.Code is not null && error.ProviderCode != recorded.Code)
                log.Error(operation.Pointer, $"{recorded.File}: becomes {error.Category} with the code '{error.ProviderCode}', not {recorded.Category} with '{recorded.Code}'.", "Correct response.errors.");
        }

        if (log.Cases == 0)
            log.NotApplicable("contract/errors has no recorded answers");
    }

    /// <summary>Of schemes that sign: what a plugin's own code verifies counts among them, since nothing else can tell whether it looks.</summary>
    private static IEnumerable<(string What, WebhookRequest Request)> Spoiled(SuiteContext suite, WebhookRequest request)
    {
        if (suite.Manifest.Webhooks!.Verify.All(Signs) && request.Body.Length > 0)
        {
            yield return ("with something added to the body", WebhookRig.With(request, body: (byte[])[.. request.Body.Span, (byte)' ']));
            yield return ("with one byte of the body changed", WebhookRig.With(request, body: WebhookChecks.Flip(request.Body)));
        }

        if (suite.Manifest.Webhooks.Verify.All(scheme => scheme.Scheme != Manifests.VerifyScheme.None && scheme.Query is null && scheme.Body is null))
            yield return ("without its headers", WebhookRig.WithoutHeaders(request));
    }

    private static bool Signs(Manifests.VerifyManifest scheme) =>
        scheme.Scheme is Manifests.VerifyScheme.Hmac or Manifests.VerifyScheme.Ecdsa or Manifests.VerifyScheme.Ed25519 or Manifests.VerifyScheme.Rsa or Manifests.VerifyScheme.Custom;

    private static HttpResponseMessage Answer(RecordedError recorded)
    {
        var response = Answers.Of(recorded.Status, Encoding.UTF8.GetBytes(recorded.Body), recorded.ContentType);
        foreach (var (name, value) in recorded.Headers)
            response.Headers.TryAddWithoutValidation(name, value);

        return response;
    }

    private static WebhookRequest Request(RecordedWebhook recorded)
    {
        var address = new Uri(recorded.Url);
        return new WebhookRequest
        {
            Method = recorded.Method.ToUpperInvariant(), Url = recorded.Url, Path = address.AbsolutePath, QueryString = address.Query, Headers = recorded.Headers, Body = recorded.Body, ReceivedAt = recorded.ReceivedAt,
        };
    }

    private static ConnectionContext Connection(SuiteContext suite, RecordedWebhook recorded)
    {
        var made = suite.Connections.Make();
        return new ConnectionContext
        {
            Id = made.Id, Project = made.Project, Provider = made.Provider, Environment = made.Environment, Alias = made.Alias, Config = recorded.Config, BaseUrl = made.BaseUrl,
            EnvironmentValues = made.EnvironmentValues,
        };
    }

    /// <summary>The clock at the moment of the recording, or timestamps would be too old.</summary>
    private sealed class At(DateTimeOffset moment) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => moment;
    }
}
