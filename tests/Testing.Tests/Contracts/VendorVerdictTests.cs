using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Testing.Contracts;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Testing.Tests.Contracts;

public sealed class VendorVerdictTests(ITestOutputHelper output)
{
    public static TheoryData<string> Providers => [.. ProviderUnderTest.Ids];

    [SkippableTheory]
    [MemberData(nameof(Providers))]
    public async Task Check_EveryCall_Print(string provider)
    {
        foreach (var group in (await Recorder.RunAsync(provider)).GroupBy(call => call.Description))
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var description = await VendorDescription.LoadAsync(Require.Shared("contracts", "openapi", group.Key), CancellationToken.None);
            output.WriteLine($"{group.Key} loaded {watch.ElapsedMilliseconds} ms, {description.Operations.Count()} operations");
            watch.Restart();
            foreach (var call in group)
            {
                var verdict = description.Check(call.Request);
                output.WriteLine($"{call}: {verdict.Outcome} {verdict.Operation}");
                foreach (var violation in verdict.Violations)
                    output.WriteLine($"    {violation.Severity} {violation}");
                foreach (var one in verdict.NotJudged)
                    output.WriteLine($"    ? {one}");
            }

            output.WriteLine($"judged {watch.ElapsedMilliseconds} ms");
            foreach (var one in description.NotUnderstood)
                output.WriteLine($"    odd {one}");
        }
    }
}
