using IntegrationHub.Simulation;
using IntegrationHub.Testing.Contracts;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>Requests and simulated answers, held against the vendor's own API description.</summary>
internal static class ContractChecks
{
    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        ContractJudge? judge = null;
        await suite.Log.RunAsync("contract.requests", "requests fit the vendor's own API description", async log =>
        {
            judge = await ContractJudge.OpenAsync(suite.Folder, suite.Options.DescriptionFiles, cancellationToken).ConfigureAwait(false);
            if (judge is null)
                log.NotApplicable("there is no description in contract/, and none was named");
            else
                await RequestsAsync(suite, log, judge, cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);

        if (judge is null)
            return;

        await suite.Log.RunAsync("contract.answers", "simulated answers fit the vendor's own API description", log => AnswersAsync(suite, log, judge, cancellationToken), cancellationToken).ConfigureAwait(false);
        suite.Log.Run("contract.judged", "nothing was left unjudged", log =>
        {
            foreach (var operation in suite.Operations.Where(operation => operation.Operation.Http is not null && !judge.Judged.Any(message => message.Operation == operation.Name)))
                log.Warn(operation.Pointer, $"No request of '{operation.Name}' was judged: none was sent.", "See operations.calls.");

            foreach (var message in judge.Judged)
            {
                log.Case();
                if (message.Explained.Any(pair => pair.Violation.Kind == ViolationKind.UnknownPath))
                    log.Warn("", $"The whole request of '{message.Operation}' is explained away: the description does not have its path.", "Add the file of the description that has it.");

                foreach (var open in message.Verdict.NotJudged.Where(open => !AnswerJudge.IsUndescribed(open)).Take(3))
                    log.Warn("", $"A message of '{message.Operation}' cannot be judged as a whole: {open.What}: {open.Why} ({open.Place})");
            }
        });
        suite.Log.Run("contract.explained", "every explained difference is still one", log =>
        {
            log.AddCases(judge.ExplanationCount);
            foreach (var issue in judge.ExplanationIssues())
                log.Error("", $"contract/{Explanations.FileName}{issue.Pointer}: {issue.Message}", issue.Hint);

            if (log.Cases == 0)
                log.NotApplicable("no difference is explained");
        });
    }

    private static async Task RequestsAsync(SuiteContext suite, CheckLog log, ContractJudge judge, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations)
        {
            foreach (var (name, parameters) in operation.Ordinary())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (outcome, _) = await suite.SimulateAsync(operation, parameters).ConfigureAwait(false);
                foreach (var request in outcome.Requests)
                {
                    var message = judge.Judge(operation.Name, ToVendor(request));

                    // What could not be judged has not been shown to fit: contract.judged names it.
                    if (message.Verdict.Outcome != VerdictOutcome.NotJudged)
                        log.Case();

                    foreach (var violation in message.Unexplained)
                        Report(log, operation, $"with {name} parameters", violation, isMadeUp: !name.StartsWith("example", StringComparison.Ordinal));
                }
            }
        }

        if (log.Cases == 0)
            log.NotApplicable(judge.Judged.Count == 0 ? "no operation asks the provider anything" : "the description says nothing that the requests could be judged by");
    }

    private static async Task AnswersAsync(SuiteContext suite, CheckLog log, ContractJudge judge, CancellationToken cancellationToken)
    {
        // What the description calls each operation is known from its requests.
        var known = judge.Judged.Where(message => message.Verdict.Operation is not null).GroupBy(message => message.Operation, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First().Verdict.Operation!, StringComparer.Ordinal);
        var leftOut = new List<string>();
        foreach (var operation in suite.Operations.Where(operation => known.ContainsKey(operation.Name)))
        {
            var answers = suite.Provider.AnswersOf(operation.Name);
            var missing = new SortedSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < answers.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var answer = answers[i];
                var outcome = await suite.Caller.CallAsync(new CallSpec(operation.Name, operation.Usual, Answers.Always(() => Answers.Of(answer)))).ConfigureAwait(false);
                var message = judge.JudgeAnswer(operation.Name, known[operation.Name], new VendorAnswer
                {
                    Status = answer.Status, IsFailure = outcome.Result is { Succeeded: false }, ContentType = answer.Body is null ? null : answer.ContentType, Body = ProviderSimulator.Body(answer),
                });
                if (!message.Verdict.NotJudged.Any(AnswerJudge.IsUndescribed))
                    log.Case();

                missing.UnionWith(message.Unexplained.Where(IsLeftOut).Select(violation => violation.Pointer));
                foreach (var violation in message.Unexplained.Where(violation => !IsLeftOut(violation)))
                    Report(log, operation, $"answer {i} of its simulator", violation, isMadeUp: false);
            }

            if (missing.Count > 0)
                leftOut.Add($"{operation.Name} ({string.Join(", ", missing.Take(3))}{(missing.Count > 3 ? $" and {missing.Count - 3} more" : "")})");
        }

        if (leftOut.Count > 0)
            log.Warn("/simulator/operations", $"Simulated answers leave out what the vendor always sends, of {string.Join("; ", leftOut)}.", "Complete them, if somebody who tries the simulator may look for it.");

        if (log.Cases == 0)
            log.NotApplicable(known.Count == 0 ? "no operation was found in the description" : "the description has none of the answers that the simulator gives");
    }

    private static bool IsLeftOut(ContractViolation violation) => violation is { Kind: ViolationKind.Missing, Severity: ViolationSeverity.Warning };

    private static void Report(CheckLog log, OperationSamples operation, string when, ContractViolation violation, bool isMadeUp)
    {
        var text = $"'{operation.Name}', {when}: {violation.Pointer}: {violation.Message}";
        if (violation.Severity != ViolationSeverity.Error)
        {
            log.Warn(operation.Pointer, text, violation.Hint);
            return;
        }

        // The suite makes up what the manifest's schema allows: that the vendor allows less can be said in the schema.
        var correct = isMadeUp && violation.Kind is ViolationKind.ForbiddenValue or ViolationKind.OutOfBounds or ViolationKind.WrongFormat or ViolationKind.Missing or ViolationKind.NoAlternativeFits
            ? "Correct the manifest (narrow the parameter's schema, or give it \"examples\", which made-up parameters then use)"
            : "Correct the manifest";
        log.Error(operation.Pointer, text, $"{violation.Hint} {correct}, or explain the difference in contract/{Explanations.FileName} (description: {violation.Place}).".TrimStart());
    }

    private static VendorRequest ToVendor(RecordedRequest request) => new()
    {
        Method = request.Method, Address = request.Address, Headers = request.Headers.ToLookup(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase), Body = request.Body,
    };
}
