using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;
using IntegrationHub.Testing.Generation;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>Every operation against its simulator.</summary>
internal static class OperationChecks
{
    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        await suite.Log.RunAsync("operations.calls", "every operation runs with minimal, full and example parameters", log => CallsAsync(suite, log, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.result", "every simulated success is a result of its schema", log => AnswersAsync(suite, log, failures: false, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.errors", "every simulated failure becomes a typed error", log => AnswersAsync(suite, log, failures: true, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.provider", "operations ask the provider, or compute their result of what they are given", log => LocalAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.unknown", "an operation that does not exist is refused", log => UnknownAsync(suite, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("operations.tests", "the connection tests succeed", log => TestsAsync(suite, log), cancellationToken).ConfigureAwait(false);
    }

    private static async Task CallsAsync(SuiteContext suite, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations)
        {
            if (operation.Minimal is null)
            {
                log.Warn(operation.Pointer + "/params", "No parameters that fit the schema could be made up.", "Add \"examples\" to the schema, or give ConformanceOptions.Parameters.");
                continue;
            }

            var (answered, succeeded) = (0, 0);
            foreach (var (name, parameters) in operation.Ordinary())
            {
                cancellationToken.ThrowIfCancellationRequested();
                log.Case();
                if (operation.Validator.Validate(parameters) is [var issue, ..])
                    log.Error(operation.Pointer + "/params", $"The {name} parameters do not fit the schema: {issue.Pointer} {issue.Message}", issue.Hint);

                var (outcome, answer) = await suite.SimulateAsync(operation, parameters).ConfigureAwait(false);
                Judge(log, operation, name, parameters, outcome, answer);
                answered += answer is null ? 0 : 1;
                succeeded += outcome.Succeeded ? 1 : 0;
            }

            if (answered > 0 && succeeded == 0)
                log.Error("/simulator" + operation.Pointer, $"No ordinary call of '{operation.Name}' succeeds against the simulator.", "End the operation's answers with a success without \"when\".");
        }
    }

    private static void Judge(CheckLog log, OperationSamples operation, string name, JsonElement parameters, CallOutcome outcome, SimulatorAnswer? answer)
    {
        if (outcome.Misbehaviour is { } wrong)
        {
            log.Error(operation.Pointer, $"With {name} parameters the operation {wrong}.", "Return OperationResult.Failure for what is expected to fail; stop at the token.");
            return;
        }

        foreach (var request in outcome.Requests.Where(request => request.Denied is null))
            if (WellFormed.Problem(request, parameters.GetRawText()) is { } problem)
                log.Error(operation.Pointer + (operation.Operation.Http is null ? "" : "/http"), $"With {name} parameters the request is malformed: {problem}.");

        if (!outcome.Succeeded && outcome.Requests.Count == 0)
            log.Error(
                operation.Pointer + "/params",
                $"The schema allows the {name} parameters, and the operation refuses them: {outcome.Result!.Error!.Message}",
                "Make what the operation needs \"required\", and say in the schema what its values look like.");
        else if (outcome.Requests.Count > 0 && answer is null && outcome.Requests.All(request => request.Denied is null))
            log.Warn("/simulator/operations", $"Nothing is simulated for '{operation.Name}' with {name} parameters.", "End the operation's list with an answer without \"when\".");
        else if (!outcome.Succeeded && answer is { Status: < 300, When.Count: 0 })
            log.Error(operation.Pointer, $"With {name} parameters the simulated success is taken for a failure: {outcome.Result!.Error!.Message}", "Compare the simulator's answer with \"response\".");
    }

    private static async Task AnswersAsync(SuiteContext suite, CheckLog log, bool failures, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations)
        {
            var answers = suite.Provider.AnswersOf(operation.Name);
            for (var index = 0; index < answers.Count; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var pointer = $"/simulator/operations{operation.Pointer["/operations".Length..]}/{index}";
                var answer = answers[index];

                // Whatever was asked, the wire says this: so each answer is judged, also one that is hard to ask for.
                var connection = suite.Connections.Make();
                var outcome = await suite.Caller.CallAsync(
                    new CallSpec(operation.Name, operation.Usual, Answers.Always(() => Answers.Of(answer))) { Connection = connection }).ConfigureAwait(false);
                var isFailure = answer.Status >= 400 ? !Succeeds(operation, answer.Status) : outcome.Result is { Succeeded: false };
                if (outcome.Requests.Count == 0)
                    isFailure = outcome.Result is not { Succeeded: true };

                if (isFailure != failures || outcome.Requests.Count == 0 && failures)
                    continue;

                log.Case();
                if (failures)
                    JudgeFailure(log, pointer, outcome);
                else
                    JudgeSuccess(log, operation, pointer, outcome);

                if (!failures)
                    continue;

                JudgeReach(suite, log, operation, pointer, answer);
            }
        }

        if (log.Cases == 0)
            log.NotApplicable(failures ? "the simulator has no failures that the plugin asks the provider for" : "the simulator has no successes that the plugin asks the provider for");
    }

    private static void JudgeSuccess(CheckLog log, OperationSamples operation, string pointer, CallOutcome outcome)
    {
        if (outcome.Misbehaviour is { } wrong)
            log.Error(pointer, $"On this answer the operation '{operation.Name}' {wrong}.");
        else if (outcome.Result is { Error: { } error })
            log.Error(pointer, $"This success of '{operation.Name}' is taken for a failure: {error.Category}, {error.Message}", "Compare it with \"response\".");
        else if (outcome.Result is { Content: null } result && operation.ResultSchema?.Validate(result.Value) is [var issue, ..])
            log.Error(pointer, $"The result of '{operation.Name}' does not fit its schema: {issue.Pointer} {issue.Message}", issue.Hint ?? "Correct the schema, or the simulated answer.");
    }

    private static void JudgeFailure(CheckLog log, string pointer, CallOutcome outcome)
    {
        if (outcome.Misbehaviour is { } wrong)
            log.Error(pointer, $"On this answer the operation '{outcome.Operation}' {wrong}.", "Return OperationResult.Failure with a category.");
        else if (outcome.Result is not { Error: { } error })
            log.Error(pointer, $"This failure is taken for a success of '{outcome.Operation}'.", "Say in \"response\" what a success looks like.");
        else if (error.Category == ErrorCategory.ProviderError)
            log.Error(pointer, $"This failure of '{outcome.Operation}' has no category of its own ({error.ProviderCode ?? "no code"}, status {error.ProviderStatus}).", "List its code in \"response\".\"errors\".");
        else if (string.IsNullOrWhiteSpace(error.Message))
            log.Error(pointer, $"This failure of '{outcome.Operation}' has no message.", "Say where the provider's message stands.");
    }

    /// <summary>Somebody who tries the simulator must be able to get the answer.</summary>
    private static void JudgeReach(SuiteContext suite, CheckLog log, OperationSamples operation, string pointer, SimulatorAnswer answer)
    {
        if (answer.When.Count == 0)
            return;

        if (Asking(operation, answer) is not { } parameters)
            log.Warn(pointer + "/when", "No parameters that fit the operation's schema can ask for this answer.", "Correct \"when\", or the schema.");
        else if (suite.Provider.Find(operation.Name, parameters) is { } first && !ReferenceEquals(first, answer))
            log.Warn(pointer + "/when", "An earlier answer is always given in place of this one.", "Put the narrower condition first.");
    }

    /// <summary>Parameters that ask for an answer: ordinary ones with what <c>when</c> names put in.</summary>
    private static JsonElement? Asking(OperationSamples operation, SimulatorAnswer answer)
    {
        foreach (var basis in (JsonElement?[])[operation.Minimal, operation.Full])
        {
            if (basis is not { ValueKind: JsonValueKind.Object } given)
                continue;

            var asking = JsonNode.Parse(given.GetRawText())!;
            foreach (var (pointer, value) in answer.When)
                JsonEdit.Set(asking, pointer, JsonNode.Parse(value.GetRawText()));

            var parameters = SchemaSampler.ToElement(asking);
            if (operation.IsValid(parameters))
                return parameters;
        }

        return null;
    }

    /// <summary>
    /// What asks nobody and gives the same result for other parameters and another connection has made its success up. An address that is signed, as of an object store, differs.
    /// </summary>
    private static async Task LocalAsync(SuiteContext suite, CheckLog log)
    {
        foreach (var operation in suite.Operations.Where(operation => operation.Minimal is not null))
        {
            log.Case();
            var (first, _) = await suite.SimulateAsync(operation, operation.Usual).ConfigureAwait(false);
            if (first.Requests.Count > 0 || !first.Succeeded)
                continue;

            var (second, _) = await suite.SimulateAsync(operation, operation.Full ?? operation.Usual, suite.Connections.Make(variant: 1)).ConfigureAwait(false);
            if (second is { Succeeded: true, Requests.Count: 0 } && Shown(first) == Shown(second))
                log.Error(operation.Pointer, $"'{operation.Name}' claims success without asking the provider, with the same result whatever it is given.", "Send the request, and return what the provider answers.");
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation can be called");
    }

    private static string Shown(CallOutcome outcome) => (outcome.Result!.Value.ValueKind == JsonValueKind.Undefined ? "" : outcome.Result.Value.GetRawText()) + outcome.Content;

    private static async Task UnknownAsync(SuiteContext suite, CheckLog log)
    {
        log.Case();
        var outcome = await suite.Caller.CallAsync(new CallSpec("noSuchOperation", JsonElement.Parse("{}"), Answers.Always(() => Answers.Of(200, "{}"u8.ToArray(), "application/json")))).ConfigureAwait(false);
        if (outcome.Misbehaviour is { } wrong)
            log.Warn("", $"Asked for an operation that is not in the manifest, the adapter {wrong}.", "Return a typed error.");
        else if (outcome.Succeeded)
            log.Warn("", "Asked for an operation that is not in the manifest, the adapter claims success.", "Look the operation up, and refuse what is not known.");
    }

    private static async Task TestsAsync(SuiteContext suite, CheckLog log)
    {
        if (suite.Manifest.Tests.Count == 0)
            log.NotApplicable("there is no connection test");

        for (var index = 0; index < suite.Manifest.Tests.Count; index++)
        {
            var test = suite.Manifest.Tests[index];
            var operation = suite.Operations.First(known => known.Name == test.Operation);
            foreach (var environment in suite.Connections.Environments)
            {
                log.Case();
                var connection = suite.Connections.Make(environment);
                var scope = new TemplateScope().Set("config", connection.Config).Set("env", connection.EnvironmentValues);
                var parameters = test.Params is { } template ? SchemaSampler.ToElement(Template.Compile(template).Render(scope)) : JsonElement.Parse("{}");
                var pointer = $"/tests/{index}";
                if (operation.Validator.Validate(parameters) is [var issue, ..])
                    log.Error(pointer + "/params", $"In '{environment}' the test's parameters do not fit its operation: {issue.Pointer} {issue.Message}", issue.Hint);

                var (outcome, _) = await suite.SimulateAsync(operation, parameters, connection).ConfigureAwait(false);
                if (!outcome.Succeeded)
                    log.Error(pointer, $"In '{environment}' the connection test {outcome} although the simulator answers.", "The test must succeed when the credentials are right.");
                else if (outcome.Requests.Count == 0)
                    log.Error(pointer, $"In '{environment}' the connection test succeeds without asking the provider, and so with any credentials.", "Name an operation that asks the provider.");
            }
        }
    }

    private static bool Succeeds(OperationSamples operation, int status) => operation.Operation.Response?.Success.Contains(status) == true;
}
