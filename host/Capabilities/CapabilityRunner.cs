using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Capabilities;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Capabilities;

/// <summary>One connection that was tried and failed, or could not be tried.</summary>
internal sealed record CapabilityTry(string? ConnectionId, string? Provider, string Capability, string Code, string Message, string? EffectId = null);

/// <summary>What a capability came to.</summary>
/// <param name="Candidate">Who did it, or failed last; <see langword="null"/> when nobody was tried.</param>
/// <param name="Operation">The operation that was run.</param>
/// <param name="Capability">The capability that was run: another one than was asked for, after a fallback.</param>
/// <param name="Execution">What came of it.</param>
/// <param name="Result">The capability's result, when it succeeded.</param>
/// <param name="Tried">Everything that did not work, in order.</param>
internal sealed record CapabilityOutcome(
    CapabilityCandidate? Candidate, string? Operation, string Capability, OperationExecution? Execution, JsonElement Result, IReadOnlyList<CapabilityTry> Tried);

/// <summary>Runs a capability: on the best connection, and on the next ones where that is asked for and can do no harm. Thread-safe.</summary>
internal sealed class CapabilityRunner(CapabilityRouter router, OperationExecutor executor, IConnectionResolver connections)
{
    /// <summary>Where a refusal is the answer to be given, not a reason to ask somebody else: a card that one bank declines is not tried at another behind its owner's back.</summary>
    private static readonly string[] FinalWhenDeclined = ["payment.", "checkout.", "subscription.", "payout.", "bnpl.", "token.", "invoice."];

    /// <exception cref="ProblemException">The parameters do not fit the capability.</exception>
    public async Task<CapabilityOutcome> RunAsync(
        Caller caller, Capability capability, CapabilityScope scope, JsonElement parameters, bool fallback, string? idempotencyKey, string? requestId, string correlationId,
        CancellationToken cancellationToken)
    {
        var tried = new List<CapabilityTry>();
        var last = new CapabilityOutcome(null, null, capability.Name, null, default, tried);
        foreach (var (current, given) in Chain(capability, parameters, fallback, tried))
        {
            var (candidates, refused) = await router.SelectAsync(current.Name, scope, cancellationToken);
            tried.AddRange(refused.Select(one => new CapabilityTry(one.ConnectionId, one.Provider, current.Name, one.Code, one.Message)));
            foreach (var candidate in candidates)
            {
                var call = new OperationCall { Parameters = given, IdempotencyKey = idempotencyKey, RequestId = requestId, CorrelationId = correlationId };
                if (await TryAsync(caller, candidate, current, call, tried, cancellationToken) is not { } outcome)
                    continue;

                last = outcome;
                if (outcome.Execution!.Result.Error is not { } error)
                    return outcome;

                tried.Add(new CapabilityTry(
                    candidate.Connection.Id, candidate.Provider.Id, current.Name, OperationProblems.CodeOf(error.Category), error.Message, outcome.Execution.Effect?.Id));
                if (!fallback || !MayGoOn(current.Name, outcome.Execution, error))
                    return outcome;
            }
        }

        return last;
    }

    /// <summary>The capability, then what its contract names as its fallbacks, with parameters made of its own.</summary>
    private static IEnumerable<(Capability Capability, JsonElement Parameters)> Chain(Capability capability, JsonElement parameters, bool fallback, List<CapabilityTry> tried)
    {
        yield return (capability, parameters);
        foreach (var next in fallback ? capability.Fallbacks : [])
        {
            var other = CapabilityCatalog.Find(next.Capability)!;
            var rendered = Template.Compile(next.Params).Render(new TemplateScope().Set("params", parameters));
            var given = JsonSerializer.SerializeToElement(rendered);
            var issues = CapabilitySchemas.Of(other).Validate(given);
            if (issues.Count == 0)
                yield return (other, given);
            else
                tried.Add(new CapabilityTry(null, null, other.Name, "invalid_params", $"What was given is not enough for {other.Name}: {issues[0].Message}"));
        }
    }

    private async Task<CapabilityOutcome?> TryAsync(
        Caller caller, CapabilityCandidate candidate, Capability capability, OperationCall call, List<CapabilityTry> tried, CancellationToken cancellationToken)
    {
        // The operations of one provider for one capability are alternatives: the first whose parameters can be made of those given is run.
        foreach (var name in candidate.Operations)
        {
            var sent = false;
            try
            {
                using var target = await executor.FindAsync(caller, candidate.Connection.Id, name, cancellationToken);
                if (target.Manifest.Stream.Request || target.Manifest.Stream.Response)
                {
                    tried.Add(new CapabilityTry(
                        candidate.Connection.Id, candidate.Provider.Id, capability.Name, "content",
                        $"It works with content, which has no place here. POST /api/connections/{candidate.Connection.Id}/operations/{name} takes it."));
                    return null;
                }

                var parameters = Map(target, call.Parameters);
                if (name != candidate.Operations[^1] && ParameterValidationStep.Check(target.Provider, name, parameters) is not null)
                    continue;

                // Content has no place here, so nothing of the execution outlives it.
                await using var execution = await executor.ExecuteAsync(caller, target, call with { Parameters = parameters }, cancellationToken);
                sent = true;
                var result = execution.Result.Succeeded ? Map(target, capability, execution) : default;
                return new CapabilityOutcome(candidate, name, capability.Name, execution, result, tried);
            }
            catch (ProblemException exception) when (!sent)
            {
                // Nothing was sent: the connection was deleted or its plugin is being replaced.
                tried.Add(new CapabilityTry(candidate.Connection.Id, candidate.Provider.Id, capability.Name, exception.Problem.Code, exception.Problem.Detail ?? exception.Problem.Title));
                return null;
            }
            catch (TemplateException exception) when (!sent)
            {
                tried.Add(new CapabilityTry(candidate.Connection.Id, candidate.Provider.Id, capability.Name, "invalid_params", exception.Message));
                return null;
            }
        }

        return null;
    }

    private JsonElement Map(OperationTarget target, JsonElement parameters)
    {
        if (target.Manifest.Implements!.Params is not { } template)
            return parameters;

        var opened = connections.Open(target.Connection, target.Provider);
        var scope = new TemplateScope().Set("params", parameters).Set("config", opened.Config).Set("env", opened.EnvironmentValues);
        return JsonSerializer.SerializeToElement(Template.Compile(template).Render(scope));
    }

    /// <exception cref="ProblemException">The provider did it, and answered what the result cannot be made of. Nobody else is asked: it would be done twice.</exception>
    private static JsonElement Map(OperationTarget target, Capability capability, OperationExecution execution)
    {
        var value = execution.Result.Value;
        if (target.Manifest.Implements!.Result is not { } template)
            return value;

        try
        {
            return JsonSerializer.SerializeToElement(Template.Compile(template).Render(new TemplateScope().Set("result", value).Set("", value)));
        }
        catch (TemplateException exception)
        {
            throw new Problem(
                StatusCodes.Status502BadGateway, "result_unusable", "The result cannot be used",
                $"'{target.Operation}' of '{target.Provider.Id}' succeeded; the result of '{capability.Name}' cannot be made of its answer: {exception.Message}{(execution.Effect is null ? "" : " It was done: do not repeat it.")}")
            {
                Extensions = new Dictionary<string, object?>
                {
                    ["provider"] = new { id = target.Provider.Id, status = execution.Result.ProviderStatus, code = (string?)null, requestId = execution.Result.ProviderRequestId },
                    ["outcomeUnknown"] = false,
                    ["effectId"] = execution.Effect?.Id,
                },
            }.ToException();
        }
    }

    private static bool MayGoOn(string capability, OperationExecution execution, ProviderError error) =>
        execution.CertainlyDidNothing
        && !(error.Category == ErrorCategory.Declined && FinalWhenDeclined.Any(prefix => capability.StartsWith(prefix, StringComparison.Ordinal)));
}

/// <summary>The parameter schemas of the capabilities, compiled once. Thread-safe.</summary>
internal static class CapabilitySchemas
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, SchemaValidator> Compiled = new(StringComparer.Ordinal);

    public static SchemaValidator Of(Capability capability) => Compiled.GetOrAdd(capability.Name, static (_, known) => SchemaValidator.Compile(known.Params), capability);
}
