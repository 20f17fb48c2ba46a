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

    [Fact]
    public void ManyCases_OfOneSeed_NoneFails() => Run(20_260_101);

    [Fact]
    public void ManyCases_OfANewSeed_NoneFails() => Run((ulong)Random.Shared.NextInt64());

    private void Run(ulong seed)
    {
        using var text = new StringWriter();
        var run = new FuzzRun(seed, Cases / 2, folder: null, text);
        run.Run(progress: false);

        output.WriteLine($"seed {seed}: {string.Join(", ", run.Outcomes.Select(outcome => $"{outcome.Key} {outcome.Value}"))}");
        Assert.True(run.Faults == 0, $"seed {seed}\n{text}\n{string.Join('\n', run.Failures.Select(failure => $"{failure.Case} {string.Join(", ", failure.Result.Steps)}: {failure.Result.Fault}"))}");
        Assert.True(run.Outcomes.GetValueOrDefault("accepted") > 500 && run.Outcomes.GetValueOrDefault("SignatureMismatch") > 500, "The cases are not what they were: hardly any is accepted or refused.");
    }
}
