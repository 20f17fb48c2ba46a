using IntegrationHub.Fuzz;
using Xunit.Abstractions;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>The fuzzer of <c>tests/Fuzz</c> for a few seconds, and what it found before. A failure's case is run alone with <c>--replay</c>.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const long Cases = 20_000;

    public static TheoryData<string> Kept
    {
        get
        {
            using var stream = typeof(FuzzRun).Assembly.GetManifestResourceStream("seeds.txt")!;
            using var reader = new StreamReader(stream);
            return [.. reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
        }
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public void Kept_Case_NoLongerFails(string line)
    {
        var result = FuzzCase.Parse(line).Run();

        Assert.True(result.Fault is null, $"{line}: {result.Fault}");
    }

    // Always the same cases, so that what a change breaks is what the change broke. New seeds are for the command.
    [Theory]
    [InlineData(20_260_101)]
    [InlineData(20_261_122)]
    public void ManyCases_OfASeed_NoneFails(ulong seed)
    {
        using var text = new StringWriter();
        var run = new FuzzRun(seed, Cases / 2, folder: null, text);
        run.Run(progress: false);

        output.WriteLine($"seed {seed}: {string.Join(", ", run.Outcomes.Select(outcome => $"{outcome.Key} {outcome.Value}"))}");
        Assert.True(run.Faults == 0, $"seed {seed}\n{text}\n{string.Join('\n', run.Failures.Select(failure => $"{failure.Case} {string.Join(", ", failure.Result.Steps)}: {failure.Result.Fault}"))}");
        Assert.True(run.Outcomes.GetValueOrDefault("accepted") > 500 && run.Outcomes.GetValueOrDefault("SignatureMismatch") > 500, "The cases are not what they were: hardly any is accepted or refused.");
    }
}
