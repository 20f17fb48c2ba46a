namespace IntegrationHub.Contract.Tests.OAuth;

/// <summary>The grants that need nobody, against the certified server; assertions are verified by <c>jose</c>.</summary>
public sealed class MachineGrantTests
{
    [SkippableTheory]
    [InlineData("machine", "robot", "client_credentials")]
    [InlineData("keyed", "keyed", "client_credentials")]
    [InlineData("service", "service", "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    public async Task Operation_ObtainsATokenOnceForAllCallers(string auth, string client, string grant)
    {
        var (jwks, pem) = OAuthRig.NewKey();
        await using var rig = await OAuthRig.StartAsync(jwks);
        var id = await rig.ConnectAsync(auth, client, more: auth == "machine" ? null : new { privateKey = pem });

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => rig.RunAsync(id, "machine"))));

        Assert.All(answers, answer => Assert.True(answer.Status == 200, answer.Body.GetRawText()));
        Assert.Equal(client, answers[0].Body.GetProperty("result").GetProperty("client").GetString());
        Assert.Equal(1, await rig.CountAsync(grant));

        rig.Clock.Advance(TimeSpan.FromMinutes(61));

        // The provider's clock has not moved: an assertion of tomorrow is refused, a shared secret is not.
        if (auth == "machine")
        {
            Assert.Equal(200, (await rig.RunAsync(id, "machine")).Status);
            Assert.Equal(2, await rig.CountAsync(grant));
        }
    }

    [SkippableTheory]
    [InlineData("keyed", "keyed", "invalid_client")]
    [InlineData("service", "service", "invalid_grant")]
    public async Task Assertion_SignedWithAnotherKey_IsRefused(string auth, string client, string code)
    {
        var (jwks, _) = OAuthRig.NewKey();
        var (_, other) = OAuthRig.NewKey();
        await using var rig = await OAuthRig.StartAsync(jwks);
        var id = await rig.ConnectAsync(auth, client, more: new { privateKey = other });

        var answer = await rig.RunAsync(id, "machine");

        Assert.Equal(424, answer.Status);
        Assert.Equal(code, answer.Body.GetProperty("provider").GetProperty("code").GetString());
        Assert.DoesNotContain("/oauth/start", answer.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("not_authorized", (await rig.AuthorizationAsync(id)).GetProperty("state").GetString());
        Assert.DoesNotContain("PRIVATE KEY", answer.Body.GetRawText(), StringComparison.Ordinal);
    }
}
