using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Capabilities;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Capabilities;

internal static class CapabilityEndpoints
{
    public static IEndpointRouteBuilder MapCapabilities(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/capabilities").WithTags("Capabilities");
        group.MapGet("", List).RequireRole(HubRole.Viewer).WithName("ListCapabilities")
            .WithSummary("List what can be done whoever does it, with the providers that can").Produces<IReadOnlyList<CapabilityView>>();
        group.MapGet("/{capability}", Get).RequireRole(HubRole.Viewer).WithName("GetCapability")
            .WithSummary("Read a capability: its parameters, its result, its fallbacks").Produces<CapabilityDetails>().ProducesProblem(404);
        group.MapPost("/{capability}", ExecuteAsync).RequireRole(HubRole.Developer).WithName("RunCapability")
            .WithSummary("Do something with whichever connection can")
            .WithDescription("""
                A healthy connection is picked by project, environment, market, currency and preference; parameters and result are the capability's. With `fallback: true` the next
                connection is tried when one fails, and then the capability's own fallbacks, but never after an effect that may have happened. `meta.tried` says who was passed over
                or failed, and why. `Idempotency-Key` works as it does for operations.
                """)
            .ReadsQuery()
            .Accepts<CapabilityRequest>("application/json").Produces<CapabilityAnswer>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(503);
        return routes;
    }

    private static IResult List(IProviderCatalog catalog) =>
        Results.Json(CapabilityCatalog.All.Select(capability => new CapabilityView(capability.Name, capability.Title, capability.Description, ProvidersOf(catalog, capability.Name))), HubJson.Options);

    private static IResult Get(string capability, IProviderCatalog catalog) => CapabilityCatalog.Find(capability) is { } found
        ? Results.Json(
            new CapabilityDetails(
                found.Name, found.Title, found.Description, ProvidersOf(catalog, found.Name), found.Params, found.Result,
                [.. found.Fallbacks.Select(fallback => fallback.Capability)], found.ExampleParams, found.ExampleResult),
            HubJson.Options)
        : Unknown(capability).ToResult();

    private static async Task ExecuteAsync(string capability, HttpContext context, CapabilityRunner runner, CancellationToken cancellationToken)
    {
        var found = CapabilityCatalog.Find(capability) ?? throw Unknown(capability).ToException();
        var request = await RequestBody.ReadAsync<CapabilityRequest>(context, cancellationToken);
        var parameters = request.Params.ValueKind == JsonValueKind.Undefined ? JsonElement.Parse("{}"u8) : request.Params;
        if (Check(found, request, parameters).ToList() is { Count: > 0 } issues)
            throw Problem.Invalid($"The request does not fit the capability '{capability}'.", issues).ToException();

        var scope = new CapabilityScope(
            ProjectScope.Project(context.GetCaller(), request.Project), request.Environment, request.Market, request.Currency ?? CurrencyOf(parameters), request.Prefer);
        if (IdempotencyKeys.Read(context) is not { } key)
        {
            await RunAsync(context, runner, found, scope, parameters, request.Fallback, null, null, cancellationToken);
            return;
        }

        // Never repeated under its key: another run could pick another connection.
        var asked = JsonSerializer.SerializeToElement(new { capability, scope, parameters, request.Fallback });
        await context.RequestServices.GetRequiredService<IdempotentRequests>().RunAsync(
            context, key, asked, isRepeatable: false, (run, token) => RunAsync(context, runner, found, scope, parameters, request.Fallback, key, run, token), cancellationToken);
    }

    private static async Task RunAsync(
        HttpContext context, CapabilityRunner runner, Capability capability, CapabilityScope scope, JsonElement parameters, bool fallback, string? key, IdempotentRun? run,
        CancellationToken cancellationToken)
    {
        var outcome = await runner.RunAsync(
            context.GetCaller(), capability, scope, parameters, fallback, key, run?.RequestId, CorrelationId.Of(context), cancellationToken);
        if (outcome.Execution is not { } execution)
        {
            await NobodyCan(capability, outcome.Tried).ToResult().ExecuteAsync(context);
            return;
        }

        run?.KeepAnswer = execution.Result.Error is not { } failure || !execution.CertainlyDidNothing || failure.Category == ErrorCategory.Declined;
        var candidate = outcome.Candidate!;
        if (execution.Result.Error is { } error)
        {
            var problem = error.ToProblem(candidate.Provider.Id, execution.Effect?.Id);
            await (problem with { Extensions = new Dictionary<string, object?>(problem.Extensions!) { ["tried"] = outcome.Tried } }).ToResult().ExecuteAsync(context);
            return;
        }

        var meta = new CapabilityMeta(
            candidate.Connection.Id, candidate.Provider.Id, outcome.Operation!, outcome.Capability, Math.Round(execution.Duration.TotalMilliseconds, 3), execution.Attempts,
            execution.Result.ProviderRequestId, execution.Effect?.Id, outcome.Tried);
        await context.Response.WriteAsJsonAsync(new CapabilityAnswer(outcome.Result, meta), HubJson.Options, cancellationToken);
    }

    private static IEnumerable<ValidationIssue> Check(Capability capability, CapabilityRequest request, JsonElement parameters)
    {
        if (request.Environment is not ("dev" or "staging" or "prod"))
            yield return new("/environment", "There is no such environment.", "One of dev, staging, prod.");

        if (request.Market is { } market && (market.Length != 2 || !market.All(char.IsAsciiLetter)))
            yield return new("/market", "A market is two letters.", "ISO 3166-1 alpha-2, such as SA.");

        if (request.Currency is { } currency && (currency.Length != 3 || !currency.All(char.IsAsciiLetter)))
            yield return new("/currency", "A currency is three letters.", "ISO 4217, such as SAR.");

        foreach (var issue in CapabilitySchemas.Of(capability).Validate(parameters))
            yield return issue with { Pointer = "/params" + issue.Pointer };
    }

    private static string? CurrencyOf(JsonElement parameters) =>
        parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("currency", out var currency) && currency.ValueKind == JsonValueKind.String ? currency.GetString() : null;

    private static IReadOnlyList<string> ProvidersOf(IProviderCatalog catalog, string capability) =>
        [.. catalog.All.Where(provider => CapabilityRouter.OperationsOf(provider.Manifest, capability).Count > 0).Select(provider => provider.Id).Order(StringComparer.Ordinal)];

    private static Problem Unknown(string capability)
    {
        var names = CapabilityCatalog.All.Select(known => known.Name).ToList();
        return new Problem(StatusCodes.Status404NotFound, "unknown_capability", "Unknown capability", $"There is no capability '{capability}'. {Suggestion.For(capability, names)}");
    }

    private static Problem NobodyCan(Capability capability, IReadOnlyList<CapabilityTry> tried) => new(
        StatusCodes.Status503ServiceUnavailable, "no_connection", "No connection can do this",
        tried.Count == 0
            ? $"No connection of this project and environment implements '{capability.Name}'. GET /api/capabilities/{capability.Name} names the providers that do."
            : $"No connection of this project and environment can do '{capability.Name}' now; 'tried' says why not.")
    {
        Extensions = new Dictionary<string, object?> { ["tried"] = tried },
    };
}

internal sealed record CapabilityView(string Name, LocalizedText Title, LocalizedText Description, IReadOnlyList<string> Providers);

internal sealed record CapabilityDetails(
    string Name, LocalizedText Title, LocalizedText Description, IReadOnlyList<string> Providers, JsonElement Params, JsonElement Result, IReadOnlyList<string> Fallbacks,
    JsonElement ExampleParams, JsonElement ExampleResult);

/// <summary>What a capability answers: the result in the capability's own words.</summary>
internal sealed record CapabilityAnswer(JsonElement Result, CapabilityMeta Meta);

/// <remarks><c>capability</c> is another one than was asked for when a fallback did it; the result is then that one's.</remarks>
internal sealed record CapabilityMeta(
    string ConnectionId, string Provider, string Operation, string Capability, double DurationMs, int Attempts, string? ProviderRequestId, string? EffectId,
    IReadOnlyList<CapabilityTry> Tried);
