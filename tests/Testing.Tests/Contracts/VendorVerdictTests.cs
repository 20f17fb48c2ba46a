using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Testing.Contracts;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Testing.Tests.Contracts;

/// <summary>Every operation of the shipped manifests, judged by the vendors' descriptions: the same requests that the independent validator judges in the contract tests, and the same figures.</summary>
public sealed class VendorVerdictTests(ITestOutputHelper output)
{
    [SkippableTheory]
    [InlineData("stripe", 33, 2)]
    [InlineData("sendgrid", 7, 2)]
    [InlineData("twilio", 12, 0)]
    [InlineData("slack", 6, 6)]
    [InlineData("elasticsearch", 14, 1)]
    public async Task Judge_EveryCall_AgreesWithTheIndependentValidator(string provider, int fits, int explained)
    {
        var calls = await Recorder.RunAsync(provider);
        var judge = await OpenAsync(provider, calls);

        foreach (var call in calls)
            judge.Judge(call.Case.Operation, call.Request);

        output.WriteLine($"{provider}: {judge.Count}");
        var unexplained = judge.Judged.SelectMany(message => message.Unexplained.Select(violation => $"{message.Operation}: {violation}")).ToList();
        Assert.True(unexplained.Count == 0, string.Join('\n', unexplained));
        Assert.Equal(new ContractCount(fits, explained, 0, 0), judge.Count);
        Assert.Empty(judge.Description.NotUnderstood);
    }

    /// <summary>The same requests, to the vendors' own hosts: there the base path counts.</summary>
    [SkippableTheory]
    [InlineData("slack", "https://slack.com/api", "https://slack.com", "/api/chat.postMessage")]
    [InlineData("twilio", "https://api.twilio.com", "https://api.twilio.com/v2", "/2010-04-01/Accounts/{AccountSid}/Messages.json")]
    public async Task Check_BasePathOfTheVendor_IsNeeded(string provider, string right, string wrong, string suggested)
    {
        var calls = await Recorder.RunAsync(provider);
        var description = await VendorDescription.LoadAsync(Require.Shared("contracts", "openapi", calls[0].Description), CancellationToken.None);
        var request = calls[0].Request;

        var known = description.Check(request with { Address = new Uri(right + request.Address.PathAndQuery) });
        var unknown = description.Check(request with { Address = new Uri(wrong + request.Address.PathAndQuery) });

        Assert.NotNull(known.Operation);
        var violation = Assert.Single(unknown.Violations);
        Assert.Equal((ViolationKind.UnknownPath, $"Did you mean {suggested}?"), (violation.Kind, violation.Hint));
    }

    internal static async Task<ContractJudge> OpenAsync(string provider, IEnumerable<RecordedCall> calls)
    {
        var files = calls.Select(call => Require.Shared("contracts", "openapi", call.Description)).Distinct().ToList();
        return new ContractJudge(
            await VendorDescription.LoadAsync(files, CancellationToken.None),
            await Explanations.LoadAsync(Repository.At("plugins", provider, "contract", "explained.json"), CancellationToken.None));
    }
}
