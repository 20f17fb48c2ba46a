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
            judge = await ContractJudge.OpenAsync(suite.Folder, suite.Options.DescriptionFile, cancellationToken).ConfigureAwait(false);
            if (judge is null)
                log.NotApplicable("there is no description in contract/, and none was named");
            else
                await RequestsAsync(suite, log, judge, cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);

        if (judge is null)
            return;

        suite.Log.Run("contract.answers", "simulated answers fit the vendor's own API description", log => Answers(suite, log, judge));
        suite.Log.Run("contract.judged", "nothing was left unjudged", log =>
        {
            foreach (var message in judge.Judged)
            {
                log.Case();
                foreach (var open in message.Verdict.NotJudged.Take(3))
                    log.Warn("", $"A message of '{message.Operation}' cannot be judged as a whole: {open.What}: {open.Why} ({open.Place})");
            }
        });
        suite.Log.Run("contract.explained", "every explained difference is still one", log =>
        {
            log.Case();
            foreach (var issue in judge.ExplanationIssues())
                log.Error("", $"contract/{Explanations.FileName}{issue.Pointer}: {issue.Message}", issue.Hint);
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
                    log.Case();
                    Report(log, operation, $"with {name} parameters", judge.Judge(operation.Name, ToVendor(request)));
                }
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation asks the provider anything");
    }

    private static void Answers(SuiteContext suite, CheckLog log, ContractJudge judge)
    {
        // What the description calls each operation is known from its requests.
        var known = judge.Judged.Where(message => message.Verdict.Operation is not null).GroupBy(message => message.Operation, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First().Verdict.Operation!, StringComparer.Ordinal);
        foreach (var operation in suite.Operations)
        {
            var answers = suite.Provider.AnswersOf(operation.Name);
            for (var i = 0; known.ContainsKey(operation.Name) && i < answers.Count; i++)
            {
                log.Case();
                var answer = answers[i];
                Report(log, operation, $"answer {i} of its simulator", judge.JudgeAnswer(operation.Name, known[operation.Name], answer.Status, answer.Body is null ? null : answer.ContentType, ProviderSimulator.Body(answer)));
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation was found in the description");
    }

    private static void Report(CheckLog log, OperationSamples operation, string when, JudgedMessage message)
    {
        foreach (var violation in message.Unexplained)
        {
            var text = $"'{operation.Name}', {when}: {violation.Pointer}: {violation.Message}";
            var hint = violation.Severity == ViolationSeverity.Error
                ? $"{violation.Hint} Correct the manifest, or explain the difference in contract/{Explanations.FileName} (description: {violation.Place}).".TrimStart()
                : violation.Hint;
            if (violation.Severity == ViolationSeverity.Error)
                log.Error(operation.Pointer, text, hint);
            else
                log.Warn(operation.Pointer, text, hint);
        }
    }

    private static VendorRequest ToVendor(RecordedRequest request) => new()
    {
        Method = request.Method, Address = request.Address, Headers = request.Headers.ToLookup(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase), Body = request.Body,
    };
}
