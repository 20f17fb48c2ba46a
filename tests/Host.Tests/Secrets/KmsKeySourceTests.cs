using System.Text.Json.Nodes;
using Amazon.Runtime;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class KmsKeySourceTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("hub-kms-").FullName;
    private readonly KmsOptions options = new() { Region = FakeKms.Region };
    private FakeKms kms = null!;

    private static CancellationToken None => CancellationToken.None;

    private string KeyFile => Path.Combine(folder, KmsKeySource.FileName);

    public async Task InitializeAsync()
    {
        kms = await FakeKms.StartAsync();
        options.Endpoint = kms.Address;
        options.KeyId = kms.CreateKey();
    }

    [Fact]
    public async Task Make_KeepsTheKeyWrappedAndTheNextStartOpensIt()
    {
        Assert.Empty(await Source().LoadAsync(None));
        var made = await Source().MakeAsync(None);

        var loaded = Assert.Single(await Source().LoadAsync(None));

        Assert.Equal(made.Id, loaded.Id);
        Assert.Equal(["GenerateDataKey", "Decrypt"], kms.Calls);
        Assert.Equal([KeyFile], Directory.GetFiles(folder));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    [Fact]
    public async Task Make_UnderAnotherKmsKey_OpensBothAndRetiresTheFormer()
    {
        var first = await Source().MakeAsync(None);
        options.KeyId = kms.CreateKey();
        var second = await Source().MakeAsync(None);

        Assert.Equal([second.Id, first.Id], (await Source().LoadAsync(None)).Select(key => key.Id));
        await Source().RetireAsync([first.Id], None);
        Assert.Equal([second.Id], (await Source().LoadAsync(None)).Select(key => key.Id));
    }

    [Fact]
    public async Task Load_FormerCannotBeOpened_TheCurrentStillIs()
    {
        var former = options.KeyId!;
        await Source().MakeAsync(None);
        options.KeyId = kms.CreateKey();
        var current = await Source().MakeAsync(None);
        kms.DeleteKey(former);

        Assert.Equal([current.Id], (await Source().LoadAsync(None)).Select(key => key.Id));
    }

    [Theory]
    [InlineData("DisabledException")]
    [InlineData("NotFoundException")]
    [InlineData("AccessDeniedException")]
    [InlineData("KMSInvalidStateException")]
    [InlineData("InvalidCiphertextException")]
    public async Task Load_Refused_IsForTheOperator(string type)
    {
        await Source().MakeAsync(None);
        kms.Fault = (400, type);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => Source().LoadAsync(None));

        Assert.Contains(type, fault.Message, StringComparison.Ordinal);
        Assert.Contains(options.KeyId!, fault.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.ConfigurationError, ExitCodes.For(fault));
    }

    [Theory]
    [InlineData(500, "KMSInternalException")]
    [InlineData(400, "ThrottlingException")]
    [InlineData(500, "KeyUnavailableException")]
    public async Task Load_ServiceIsDown_MayBeTriedAgain(int status, string type)
    {
        await Source().MakeAsync(None);
        kms.Fault = (status, type);

        var fault = await Assert.ThrowsAsync<KeyServiceUnavailableException>(() => Source().LoadAsync(None));

        Assert.Equal(ExitCodes.TemporaryFailure, ExitCodes.For(fault));
    }

    [Fact]
    public async Task Load_NobodyThere_MayBeTriedAgain()
    {
        await Source().MakeAsync(None);
        options.Endpoint = "http://127.0.0.1:9";

        await Assert.ThrowsAsync<KeyServiceUnavailableException>(() => Source().LoadAsync(None));
    }

    [Fact]
    public async Task Load_WrongCredentials_AreRefused()
    {
        await Source().MakeAsync(None);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => Source("wrong" + FakeKms.SecretKey).LoadAsync(None));

        Assert.Contains("InvalidSignatureException", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeKms.SecretKey, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_EntryNamesAnotherKey_IsRefused()
    {
        await Source().MakeAsync(None);
        var document = JsonNode.Parse(await File.ReadAllTextAsync(KeyFile))!;
        document["keys"]![0]!["id"] = "0123456789abcdef";
        await File.WriteAllTextAsync(KeyFile, document.ToJsonString());

        await Assert.ThrowsAsync<MasterKeyException>(() => Source().LoadAsync(None));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"version":1,"keys":[]}""")]
    [InlineData("""{"version":2,"keys":[{"id":"a","kmsKeyId":"b","wrapped":"AA=="}]}""")]
    [InlineData("""{"version":1,"keys":[null]}""")]
    [InlineData("""{"version":1,"keys":[{"id":"a","kmsKeyId":"b"}]}""")]
    public async Task Load_DamagedFile_IsRefusedAndKept(string content)
    {
        await Source().MakeAsync(None);
        await File.WriteAllTextAsync(KeyFile, content);

        Assert.Contains(KeyFile, (await Assert.ThrowsAsync<MasterKeyException>(() => Source().LoadAsync(None))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MasterKeyException>(() => Source().MakeAsync(None));
        Assert.Equal(content, await File.ReadAllTextAsync(KeyFile));
    }

    public async Task DisposeAsync()
    {
        await kms.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private KmsKeySource Source(string? secret = null) =>
        new(folder, options, NullLogger<KmsKeySource>.Instance, new BasicAWSCredentials(FakeKms.AccessKey, secret ?? FakeKms.SecretKey));
}
