using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Capabilities;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Capabilities;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Targets.Operations;

/// <summary>
/// Runs an operation of a connection, or a capability, with parameters made of the event: as the subscription, by the same executor as the API's callers, with all its limits and
/// records. Thread-safe.
/// </summary>
internal sealed partial class OperationDeliveryTarget(
    OperationExecutor executor,
    CapabilityRunner capabilities,
    IConnectionResolver connections,
    IProviderCatalog catalog,
    OperationClaims claims,
    OperationChains chains,
    EventEnvelopes envelopes,
    ILogger<OperationDeliveryTarget> logger) : IDeliveryTarget
{
    public const string KindName = "operation";

    // The registry gives the same subscription for all its deliveries, until it is changed.
    private static readonly ConditionalWeakTable<Subscription, PreparedTarget> Prepared = [];

    public string Kind => KindName;

    public IEnumerable<ValidationIssue> Check(Subscription subscription) => OperationTargetSettings.Check(subscription);

    public async ValueTask<IReadOnlyList<ValidationIssue>> LookUpAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var settings = OperationTargetSettings.Of(subscription);
        if (settings.Connection is not { } id)
            return [];

        // One and the same answer for a connection that is not there, is another project's, or is in another environment.
        var connection = await connections.FindAsync(id, cancellationToken);
        if (connection is null || connection.Project != subscription.Project || connection.Environment != subscription.Environment)
            return [new("/target/connection", NoConnection(id), "GET /api/connections lists them.")];

        // A plugin that is not loaded just now may be so tomorrow.
        if (catalog.Find(connection.Provider) is not { } provider)
            return [];
        if (!provider.Manifest.Operations.TryGetValue(settings.Operation!, out var operation))
            return [new("/target/operation", $"'{connection.Provider}' has no operation '{settings.Operation}'.", Suggestion.For(settings.Operation!, [.. provider.Manifest.Operations.Keys]))];
        if (operation.Stream.Request || operation.Stream.Response)
            return [new("/target/operation", $"'{settings.Operation}' works with content, which an event cannot carry.")];

        // What depends on no event can be judged now.
        return settings.CompileParams() is { IsConstant: true } && ParameterValidationStep.Check(provider, settings.Operation!, ParamsOf(settings)) is { } error
            ? [.. error.Issues.Select(issue => issue with { Pointer = "/target" + issue.Pointer })]
            : [];
    }

    public string Describe(Subscription subscription)
    {
        try
        {
            var settings = OperationTargetSettings.Of(subscription);
            return settings.Capability ?? $"{settings.Connection}/{settings.Operation}";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    /// <summary>A subscription's target, read and compiled once.</summary>
    /// <exception cref="JsonException">It was altered from outside.</exception>
    /// <exception cref="TemplateException">Its template is malformed.</exception>
    public static PreparedTarget PreparedOf(Subscription subscription) => Prepared.GetValue(subscription, static one =>
    {
        var settings = OperationTargetSettings.Of(one);
        return new PreparedTarget(settings, settings.CompileParams());
    });

    public async Task<TargetAnswer> SendAsync(TargetDelivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            var (settings, template) = PreparedOf(delivery.Subscription);

            // A person who replays knows what they do.
            var links = chains.LinksTo(delivery.Event);
            if (links >= OperationChains.MaxLinks && !delivery.IsReplay)
            {
                return Final(
                    $"Not run: this looks like a loop. {links} operations have followed from one event, each within {OperationChains.Memory.TotalMinutes:0} minutes of the one before: the event that an operation "
                    + "caused ran the next. Narrow the pattern or add a filter, then replay this if it was none.");
            }

            var parameters = JsonSerializer.SerializeToElement(template.Render(TargetMembers.Scope(envelopes.Open(delivery.Event))));
            var caller = new Caller(delivery.Subscription.Id, $"subscription {delivery.Subscription.Id}", HubRole.Developer, new HashSet<string>(StringComparer.Ordinal) { delivery.Subscription.Project });
            return settings.Capability is null
                ? await RunOperationAsync(settings, parameters, caller, delivery, links, cancellationToken)
                : await RunCapabilityAsync(settings, parameters, caller, delivery, links, cancellationToken);
        }
        catch (ProblemException exception)
        {
            return OfProblem(exception.Problem);
        }
        catch (TemplateException exception)
        {
            return Final($"The parameters cannot be made: {exception.Message}");
        }
        catch (CryptographicException)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = "The event's data cannot be decrypted; check the master key.", IsHubFault = true };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.Failed(logger, exception, delivery.DeliveryId);
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = $"The operation could not be run ({exception.GetType().Name}).", IsHubFault = true };
        }
    }

    private async Task<TargetAnswer> RunOperationAsync(
        OperationTargetSettings settings, JsonElement parameters, Caller caller, TargetDelivery delivery, int links, CancellationToken cancellationToken)
    {
        // The environment is the event's: an event of a test world must not do something in the real one. A connection can have been moved since the subscription was made.
        var connection = await connections.FindAsync(settings.Connection!, cancellationToken);
        if (connection is null || connection.Project != delivery.Subscription.Project || connection.Environment != delivery.Event.Environment)
            return Final(NoConnection(settings.Connection!));

        using var target = await executor.FindAsync(caller, connection.Id, settings.Operation!, cancellationToken);
        if (target.Manifest.Stream.Request || target.Manifest.Stream.Response)
            return Final($"'{settings.Operation}' works with content, which an event cannot carry.");

        var isRepeatable = target.Manifest.IsIdempotent() || target.Manifest.IdempotencyOf(target.Provider.Manifest) is not null;
        return await claims.RunAsync(
            delivery,
            isRepeatable,
            async requestId =>
            {
                var call = new OperationCall { Parameters = parameters, IdempotencyKey = delivery.DeliveryId, RequestId = requestId, CorrelationId = delivery.Event.CorrelationId };
                await using var execution = await executor.ExecuteAsync(caller, target, call, cancellationToken);
                Remember(delivery.Event, links, connection.Id, execution);
                return Judge(execution, connection.Provider, execution.IsRepeatable);
            },
            cancellationToken);
    }

    private async Task<TargetAnswer> RunCapabilityAsync(
        OperationTargetSettings settings, JsonElement parameters, Caller caller, TargetDelivery delivery, int links, CancellationToken cancellationToken)
    {
        var capability = CapabilityCatalog.Find(settings.Capability!);
        if (capability is null)
            return Final($"There is no capability '{settings.Capability}'.");
        if (CapabilitySchemas.Of(capability).Validate(parameters) is { Count: > 0 } issues)
            return Final($"The parameters do not fit the capability '{capability.Name}': {Summary(issues)}");

        var scope = new CapabilityScope(delivery.Subscription.Project, delivery.Event.Environment, settings.Market, settings.Currency ?? CurrencyOf(parameters), settings.Prefer);

        // Never repeated under its key: another run could pick another connection.
        return await claims.RunAsync(
            delivery,
            isRepeatable: false,
            async requestId =>
            {
                try
                {
                    var outcome = await capabilities.RunAsync(
                        caller, capability, scope, parameters, settings.Fallback, delivery.DeliveryId, requestId, delivery.Event.CorrelationId, cancellationToken);
                    if (outcome.Execution is not { } execution)
                        return new TargetAnswer { Outcome = DeliveryOutcomes.Refused, Status = StatusCodes.Status503ServiceUnavailable, Error = NobodyCan(capability, outcome.Tried), IsHubFault = true };

                    Remember(delivery.Event, links, outcome.Candidate!.Connection.Id, execution);
                    return Judge(execution, outcome.Candidate.Provider.Id, execution.CertainlyDidNothing);
                }
                catch (ProblemException exception) when (exception.Problem.Code == "result_unusable")
                {
                    // It was done. That its answer does not fit the capability's result concerns only who would read it.
                    return new TargetAnswer { Outcome = DeliveryOutcomes.Delivered, Body = exception.Problem.Detail };
                }
            },
            cancellationToken);
    }

    private void Remember(HubEvent one, int links, string connectionId, OperationExecution execution)
    {
        // What changes nothing causes nothing.
        if (execution.Effect is not null && !execution.CertainlyDidNothing)
            chains.Ran(one, links, connectionId, execution.Result.Value);
    }

    private static JsonElement ParamsOf(OperationTargetSettings settings) => JsonSerializer.SerializeToElement(settings.CompileParams().Render(TemplateScope.Empty));

    private static TargetAnswer Judge(OperationExecution execution, string provider, bool isRepeatable)
    {
        var result = execution.Result;
        var details = JsonSerializer.Serialize(
            new { effectId = execution.Effect?.Id, provider, attempts = execution.Attempts, durationMs = Math.Round(execution.Duration.TotalMilliseconds, 3), providerRequestId = result.ProviderRequestId },
            HubJson.Options);
        if (result.Error is not { } error)
            return new TargetAnswer { Outcome = DeliveryOutcomes.Delivered, Status = result.ProviderStatus, Body = details };

        var answer = new TargetAnswer
        {
            Outcome = error.Category == ErrorCategory.Timeout ? DeliveryOutcomes.Timeout : DeliveryOutcomes.Refused,
            Status = error.ProviderStatus,
            Body = details,
            Error = $"{OperationProblems.CodeOf(error.Category)}: {error.Message}{(error.Issues.Count == 0 ? "" : " " + Summary(error.Issues))}",
            RetryAfter = error.RetryAfter,

            // What is wrong with one event's parameters says nothing of the next, and what the hub did not send says nothing of the provider.
            IsHubFault = error.Category is ErrorCategory.InvalidParams or ErrorCategory.NotFound or ErrorCategory.Conflict or ErrorCategory.Declined
                || (execution.Attempts == 0 && error.Category is (ErrorCategory.CircuitOpen or ErrorCategory.RateLimited or ErrorCategory.Timeout)),
        };
        if (isRepeatable)
            return answer with { IsFinal = !IsTransient(error) };

        return execution.Effect is { Verdict: EffectVerdict.Unknown } unknown
            ? answer with { IsFinal = true, Error = OperationClaims.NobodyKnows(unknown) }
            : answer with { IsFinal = true, Error = $"{answer.Error} It is not run again, because it may have been done; see /api/effects/{execution.Effect?.Id}." };
    }

    /// <summary>What a later attempt can mend: the provider recovers, or a person authorises the connection again.</summary>
    private static bool IsTransient(ProviderError error) => error.Category is
        ErrorCategory.RateLimited or ErrorCategory.Timeout or ErrorCategory.Unavailable or ErrorCategory.CircuitOpen or ErrorCategory.Unauthenticated;

    /// <summary>Nothing was sent. A provider that is being replaced comes back, and a connection can be enabled again; what is gone is gone.</summary>
    private static TargetAnswer OfProblem(Problem problem) => new()
    {
        Outcome = DeliveryOutcomes.Refused,
        Error = problem.Detail ?? problem.Title,
        RetryAfter = problem.RetryAfter,
        IsFinal = problem.Status is < 500 and not StatusCodes.Status409Conflict,
        IsHubFault = true,
    };

    // Nothing was sent, for a reason that is this event's: the other events' operations need not wait for it.
    private static TargetAnswer Final(string error) => new() { Outcome = DeliveryOutcomes.Refused, Error = error, IsFinal = true, IsHubFault = true };

    private static string NoConnection(string id) => $"There is no connection '{id}' in this project and environment.";

    private static string NobodyCan(Capability capability, IReadOnlyList<CapabilityTry> tried) =>
        $"No connection of this project and environment can do '{capability.Name}' now. {string.Join(" ", tried.Select(one => $"{one.ConnectionId ?? one.Capability}: {one.Message}"))}".Trim();

    private static string Summary(IReadOnlyList<ValidationIssue> issues) => string.Join(" ", issues.Take(5).Select(issue => $"{issue.Pointer}: {issue.Message}"));

    private static string? CurrencyOf(JsonElement parameters) =>
        parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("currency", out var currency) && currency.ValueKind == JsonValueKind.String ? currency.GetString() : null;

    internal sealed record PreparedTarget(OperationTargetSettings Settings, Template Params);

    private static partial class Log
    {
        [LoggerMessage(3360, LogLevel.Error, "Delivery {Delivery}: its operation could not be run")]
        public static partial void Failed(ILogger logger, Exception exception, string delivery);
    }
}
