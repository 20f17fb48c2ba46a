using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Adapters;
using IntegrationHub.Capabilities;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;
using IntegrationHub.Testing.Generation;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>What the manifest promises of requests: pages, idempotency keys, credentials, environments, capabilities.</summary>
internal static class WireChecks
{
    private const int MostPages = 20;

    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        await suite.Log.RunAsync("operations.pagination", "pages are followed to the end", log => PaginationAsync(suite, log, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.idempotency", "the idempotency key is sent, the same for every attempt", log => IdempotencyAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.auth", "every way to authenticate is applied", log => AuthAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.environments", "every environment is called at its own address", log => EnvironmentsAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.capabilities", "implemented capabilities map both ways", log => CapabilitiesAsync(suite, log), cancellationToken).ConfigureAwait(false);
    }

    private static async Task PaginationAsync(SuiteContext suite, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations.Where(operation => operation.Operation.Pagination is not null))
        {
            log.Case();
            var pages = 0;
            string? cursor = null;
            string? firstRequest = null;
            var pointer = operation.Pointer + "/pagination";

            // One connection throughout: cursors are signed by it.
            var connection = suite.Connections.Make();
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (outcome, _) = await suite.SimulateAsync(operation, operation.Usual, connection, cursor).ConfigureAwait(false);
                if (!outcome.Succeeded)
                {
                    log.Error(pointer, $"Page {pages + 1} {outcome}".TrimEnd('.') + ".");
                    break;
                }

                pages++;
                if (outcome.Result!.Items is not { ValueKind: JsonValueKind.Array })
                    log.Error(pointer + "/items", $"Page {pages} has no array of items.", "Say where the answer has it, or return Items.");

                var request = outcome.Requests.Count == 0 ? "" : outcome.Requests[0].Address + outcome.Requests[0].BodyText;
                firstRequest ??= request;
                if (pages == 2 && request == firstRequest)
                    log.Error(pointer, "The second page is asked for with the request of the first.", "Send the cursor.");

                var next = outcome.Result.NextCursor;
                if (next is not null && next == cursor || pages > MostPages)
                {
                    log.Error(pointer, $"The pages do not end: page {pages} leads on to itself or for ever.", "Simulate a last page: an answer with \"when\" on the paging parameter.");
                    break;
                }

                cursor = next;
            }
            while (cursor is not null);

            if (pages == 1)
                log.Warn(pointer, "The simulator has a single page, so following pages is not shown.", "Simulate a first page that leads to a second, and with \"when\" on the paging parameter the second.");
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation has pages");
    }

    private static async Task IdempotencyAsync(SuiteContext suite, CheckLog log)
    {
        const string Key = "kit-key-7f3a";
        foreach (var operation in suite.Operations)
        {
            var declared = operation.Operation.Idempotency ?? (operation.Operation.Http?.Method is "POST" or "PATCH" ? suite.Manifest.Defaults.Idempotency : null);
            if (declared is null)
                continue;

            for (var attempt = 0; attempt < 2; attempt++)
            {
                var connection = suite.Connections.Make();
                var outcome = await suite.Caller.CallAsync(
                    new CallSpec(operation.Name, operation.Usual, suite.Provider.Answering(operation.Name, operation.Usual, connection.BaseUrl)) { Connection = connection, IdempotencyKey = Key }).ConfigureAwait(false);
                if (outcome.Requests.Count == 0)
                    continue;

                log.Case();
                if (!outcome.Requests.Any(request => Carries(request, declared, Key)))
                {
                    log.Error(operation.Pointer, $"The idempotency key is not sent as {declared.Header ?? declared.Query ?? declared.Body}.", "Pass OperationRequest.IdempotencyKey on.");
                    break;
                }
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation that asks the provider declares an idempotency key");
    }

    private static bool Carries(RecordedRequest request, IdempotencyManifest declared, string key) =>
        declared.Header is { } header ? request.Headers.GetValueOrDefault(header) == key
        : declared.Query is { } query ? request.Address.Query.TrimStart('?').Split('&').Contains($"{Uri.EscapeDataString(query)}={key}", StringComparer.Ordinal)
        : request.BodyText.Contains(key, StringComparison.Ordinal);

    private static async Task AuthAsync(SuiteContext suite, CheckLog log)
    {
        var tested = suite.Manifest.Tests.Select(test => test.Operation).ToHashSet(StringComparer.Ordinal);
        var operation = await AskingAsync(suite, suite.Operations.OrderBy(operation => !tested.Contains(operation.Name))).ConfigureAwait(false);
        for (var index = 0; operation is not null && index < suite.Manifest.Auth.Count; index++)
        {
            log.Case();
            var auth = suite.Manifest.Auth[index];
            var pointer = $"/auth/{index}";
            var first = await suite.SimulateAsync(operation, operation.Usual, suite.Connections.Make(auth: auth)).ConfigureAwait(false);
            var second = await suite.SimulateAsync(operation, operation.Usual, suite.Connections.Make(auth: auth, variant: 1)).ConfigureAwait(false);
            if (!first.Outcome.Succeeded)
                log.Error(pointer, $"With '{ConnectionMaker.IdOf(auth)}' the operation '{operation.Name}' {first.Outcome}.");
            else if (first.Outcome.Requests.Count == 0 || second.Outcome.Requests.Count == 0)
                log.Error(pointer, $"With '{ConnectionMaker.IdOf(auth)}' the operation '{operation.Name}' does not ask the provider.");
            else if (auth.Type != AuthType.None && Same(first.Outcome.Requests[0], second.Outcome.Requests[0]))
                log.Error(pointer, $"With '{ConnectionMaker.IdOf(auth)}' two connections with different credentials send the same request: the credentials are not applied.");

            if (Expected(auth, first.Outcome.Connection) is { } expected && first.Outcome.Requests.Count > 0
                && first.Outcome.Requests[0].Headers.GetValueOrDefault("Authorization") != expected)
                log.Error(pointer, $"With '{ConnectionMaker.IdOf(auth)}' the Authorization header is not what the manifest says.");
        }

        if (log.Cases == 0)
            log.NotApplicable(operation is null ? "no operation asks the provider anything" : "the provider wants no credentials");
    }

    /// <summary>The first operation whose call sends a request: what computes by itself shows nothing of credentials and addresses.</summary>
    private static async Task<OperationSamples?> AskingAsync(SuiteContext suite, IEnumerable<OperationSamples> operations)
    {
        foreach (var operation in operations.Where(operation => operation.Minimal is not null))
            if ((await suite.SimulateAsync(operation, operation.Usual).ConfigureAwait(false)).Outcome.Requests.Count > 0)
                return operation;

        return null;
    }

    private static bool Same(RecordedRequest left, RecordedRequest right) =>
        left.Address == right.Address && left.Body.AsSpan().SequenceEqual(right.Body)
        && left.Headers.Count == right.Headers.Count && left.Headers.All(header => right.Headers.GetValueOrDefault(header.Key) == header.Value);

    /// <summary>What basic and bearer must send, computed a second time.</summary>
    private static string? Expected(AuthManifest auth, ConnectionContext connection)
    {
        var scope = new TemplateScope().Set("config", connection.Config).Set("env", connection.EnvironmentValues).Set("auth", connection.Auth);
        string? Render(string? template) => template is null ? null : Template.Compile(template).RenderText(scope);
        return auth switch
        {
            { Type: AuthType.Basic, Username: { } username } => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Render(username)}:{Render(auth.Password)}")),
            { Type: AuthType.Bearer, Token: { } token, Apply: null } => "Bearer " + Render(token),
            _ => null,
        };
    }

    private static async Task EnvironmentsAsync(SuiteContext suite, CheckLog log)
    {
        var operation = await AskingAsync(suite, suite.Operations).ConfigureAwait(false);
        foreach (var environment in operation is null ? [] : suite.Connections.Environments)
        {
            log.Case();
            var pointer = $"/environments/{environment}";
            if (suite.Connections.Problem(environment) is { } problem)
            {
                log.Error(pointer, problem, "Correct \"config\" or \"require\", or give ConformanceOptions.Config.");
                continue;
            }

            var (outcome, _) = await suite.SimulateAsync(operation!, operation!.Usual, suite.Connections.Make(environment)).ConfigureAwait(false);
            if (outcome.Requests.Count == 0)
                log.Error(pointer, $"In '{environment}' the operation '{operation.Name}' {outcome} without asking the provider.");
            else if (operation.Operation.Http?.Path.StartsWith('/') == true 
                && !outcome.Requests[0].Address.AbsoluteUri.StartsWith(new Uri(outcome.Connection.BaseUrl).AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal))
                log.Error(pointer, $"In '{environment}' the operation '{operation.Name}' calls {outcome.Requests[0].Address.Host}, not the environment's address.");
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation asks the provider anything");
    }

    private static async Task CapabilitiesAsync(SuiteContext suite, CheckLog log)
    {
        foreach (var operation in suite.Operations)
        {
            if (operation.Operation.Implements is not { } implements || CapabilityCatalog.Find(implements.Capability) is not { } capability)
                continue;

            log.Case();
            var pointer = operation.Pointer + "/implements";
            var connection = suite.Connections.Make();
            var parameters = operation.Usual;
            if (implements.Params is { } template)
            {
                var mapped = WithKnownIds(operation, SchemaSampler.ToElement(Template.Compile(template).Render(new TemplateScope().Set("params", capability.ExampleParams).Set("config", connection.Config))));
                if (operation.Validator.Validate(mapped) is [var issue, ..])
                    log.Warn(pointer + "/params", $"The example of '{capability.Name}' does not become valid parameters: {issue.Pointer} {issue.Message}", "Map every parameter of the capability that the operation needs.");
                else
                    parameters = mapped;
            }

            var (outcome, _) = await suite.SimulateAsync(operation, parameters, connection).ConfigureAwait(false);
            if (outcome.Result is not { Succeeded: true } result)
                continue; // judged elsewhere

            if (implements.Result is { } back)
            {
                var mapped = SchemaSampler.ToElement(Template.Compile(back).Render(new TemplateScope().Set("result", result.Value).Set("", result.Value).Set("params", capability.ExampleParams)));
                if (SchemaOf(capability.Result).Validate(mapped) is [var issue, ..])
                    log.Error(pointer + "/result", $"The result does not become a result of '{capability.Name}': {issue.Pointer} {issue.Message}", issue.Hint);
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no capability is implemented");
    }

    /// <summary>Ids of a capability's example belong to nobody, and need not look like the provider's: where one does not fit, the provider's form stands in.</summary>
    private static JsonElement WithKnownIds(OperationSamples operation, JsonElement mapped)
    {
        var changed = JsonNode.Parse(mapped.GetRawText())!;
        foreach (var issue in operation.Validator.Validate(mapped))
            if (JsonPointer.TryParse(issue.Pointer, out var pointer) && pointer.TryEvaluate(mapped, out var given) && given.ValueKind == JsonValueKind.String
                && operation.Full is { } full && pointer.TryEvaluate(full, out var known) && known.ValueKind == JsonValueKind.String)
                JsonEdit.Set(changed, issue.Pointer, JsonNode.Parse(known.GetRawText()));

        return SchemaSampler.ToElement(changed);
    }

    private static Schemas.SchemaValidator SchemaOf(JsonElement schema) => Schemas.SchemaValidator.Compile(schema);
}
