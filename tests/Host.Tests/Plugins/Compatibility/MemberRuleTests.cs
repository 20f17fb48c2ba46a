using System.Reflection;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Plugins.Compatibility;

public sealed class MemberRuleTests
{
    private const string Where = "/entry/assembly";

    [Fact]
    public void Check_UsesWhatThereIs_FindsNothing()
    {
        var image = new TestImage().WithAdapter();
        var error = image.ContractType("ProviderError");
        var result = image.ContractType("OperationResult");
        image.Calls(result, "Failure", isStatic: true, r => r.Type().Type(result, false), p => p.Type(error, false));
        var loggers = image.Type("Microsoft.Extensions.Logging.Abstractions", "8.0.0.0", "Microsoft.Extensions.Logging", "ILoggerFactory");
        var logger = image.Type("Microsoft.Extensions.Logging.Abstractions", "8.0.0.0", "Microsoft.Extensions.Logging", "ILogger");
        image.Calls(loggers, "CreateLogger", isStatic: false, r => r.Type().Type(logger, false), p => p.String());

        var report = TestFolder.Check(image);

        Assert.Empty(report.Errors);
        Assert.Empty(report.Warnings);
    }

    [Fact]
    public void Check_MethodThatIsNotThere_NamesIt()
    {
        var image = new TestImage().WithAdapter();
        image.Calls(image.ContractType("OperationResult"), "Partial", isStatic: true, r => r.Void(), p => p.String(), p => p.Int32());

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "needs IntegrationHub.Adapters.OperationResult.Partial(string, int)", "this hub's contract 1.0 does not have");
    }

    [Fact]
    public void Check_MethodWithOtherParameters_NamesItAndWhatThereIs()
    {
        var image = new TestImage().WithAdapter();
        image.Calls(image.ContractType("OperationResult"), "Failure", isStatic: true, r => r.Void(), p => p.Int32());

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "OperationResult.Failure(int)", "it has IntegrationHub.Adapters.OperationResult.Failure(ProviderError)");
    }

    // The runtime binds by return type, by static or instance, and by "init" too.
    [Theory]
    [InlineData("return type")]
    [InlineData("instance")]
    [InlineData("set instead of init")]
    public void Check_MethodThatDiffersInADetail_IsMissing(string detail)
    {
        var image = new TestImage().WithAdapter();
        var result = image.ContractType("OperationResult");
        var error = image.ContractType("ProviderError");
        switch (detail)
        {
            case "return type": image.Calls(result, "Failure", isStatic: true, r => r.Void(), p => p.Type(error, false)); break;
            case "instance": image.Calls(result, "Failure", isStatic: false, r => r.Type().Type(result, false), p => p.Type(error, false)); break;
            default: image.Calls(image.ContractType("ConnectionContext"), "set_Id", isStatic: false, r => r.Void(), p => p.String()); break;
        }

        Assert.Single(TestFolder.Check(image).Errors);
    }

    [Fact]
    public void Check_PropertyFieldAndConstructorThatAreNotThere_AreEachNamed()
    {
        var image = new TestImage().WithAdapter();
        image.Calls(image.ContractType("OperationRequest"), "get_Deadline", isStatic: false, r => r.Type().Int64());
        image.Calls(image.ContractType("RestAdapter"), ".ctor", isStatic: false, r => r.Void(), p => p.Boolean());
        image.ReadsField(image.ContractType("ErrorCategory"), "Everything", t => t.Int32());

        var errors = TestFolder.Check(image).Errors;

        Assert.Equal(3, errors.Count);
        TestFolder.AssertSome(errors, Where, "IntegrationHub.Adapters.OperationRequest.Deadline { get } of type long");
        TestFolder.AssertSome(errors, Where, "new IntegrationHub.Adapters.RestAdapter(bool)", "it has new IntegrationHub.Adapters.RestAdapter()");
        TestFolder.AssertSome(errors, Where, "IntegrationHub.Adapters.ErrorCategory.Everything");
    }

    [Fact]
    public void Check_TypeThatIsNotThere_IsNamedOnceAndItsMembersAreNot()
    {
        var image = new TestImage().WithAdapter();
        var type = image.ContractType("StreamingAdapter");
        image.Calls(type, "Open", isStatic: true, r => r.Void());
        image.Calls(type, "Close", isStatic: true, r => r.Void());

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "needs IntegrationHub.Adapters.StreamingAdapter, which");
    }

    [Fact]
    public void Check_TypeThatIsInternal_IsNotThereForPlugins()
    {
        var image = new TestImage().WithAdapter();
        image.Type(TestImage.Contract, "1.0.0.0", "IntegrationHub.Schemas", "SchemaNode");

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "IntegrationHub.Schemas.SchemaNode");
    }

    [Fact]
    public void Check_MemberOfABaseClass_IsFound()
    {
        var image = new TestImage().WithAdapter();
        image.Calls(image.ContractType("RestAdapter"), "GetHashCode", isStatic: false, r => r.Type().Int32());

        Assert.Empty(TestFolder.Check(image).Errors);
    }

    [Fact]
    public void Check_MemberOfAnotherSharedAssembly_IsCompared()
    {
        var image = new TestImage().WithAdapter();
        image.Calls(image.Type("System.Text.Json", "9.0.0.0", "System.Text.Json", "JsonElement"), "GetTime", isStatic: false, r => r.Type().String());

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "needs System.Text.Json.JsonElement.GetTime()", "this hub's System.Text.Json");
    }

    [Fact]
    public void Check_DerivesFromASealedClass_SaysSo()
    {
        var image = new TestImage().WithAdapter();
        image.Class("Made", "Better", TypeAttributes.Public, image.ContractType("RestAdapter"), []);

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "'Made.Better' derives from IntegrationHub.Adapters.RestAdapter, which is sealed");
    }

    [Theory]
    [InlineData("InitializeAsync", "InitializeAsync(ProviderContext, CancellationToken)")]
    [InlineData("ExecuteAsync", "ExecuteAsync(OperationRequest, CancellationToken)")]
    public void Check_InterfaceMemberNotImplemented_IsNamed(string member, string says)
    {
        TestFolder.AssertOne(TestFolder.Check(new TestImage().WithAdapter(except: member)).Errors, Where, "'Made.Adapter' does not implement", "IProviderAdapter." + says);
    }

    [Fact]
    public void Check_InterfaceImplementedByTheBaseClass_IsFine()
    {
        var image = new TestImage();
        var parent = image.Class("Made", "Base", TypeAttributes.Public | TypeAttributes.Abstract, image.Object, [], () => image.AdapterMethods());
        image.Class("Made", "Adapter", TypeAttributes.Public, parent, [image.ContractType("IProviderAdapter")], () => image.Constructor());

        Assert.Empty(TestFolder.Check(image).Errors);
    }

    [Fact]
    public void Check_VeryMuchIsMissing_ShowsTheFirstAndCountsTheRest()
    {
        var image = new TestImage().WithAdapter();
        for (var i = 0; i < 50; i++)
            image.ContractType("Gone" + i);

        var errors = TestFolder.Check(image).Errors;

        Assert.Equal(21, errors.Count);
        TestFolder.AssertSome(errors, Where, "needs 30 more things");
    }

    [Fact]
    public void Check_ContractReachedThroughALibraryOfThePlugin_IsComparedToo()
    {
        using var folder = new TestFolder();
        var library = new TestImage("Made.Core");
        library.Calls(library.ContractType("OperationResult"), "Partial", isStatic: true, r => r.Void());
        library.Write(folder.Path);
        var image = new TestImage().WithAdapter();
        image.Type("Made.Core", "1.0.0.0", "Made", "Core");
        image.Write(folder.Path);

        TestFolder.AssertOne(folder.Check().Errors, Where, "'Made.Core.dll', which the plugin uses, needs IntegrationHub.Adapters.OperationResult.Partial()");
    }

    [Fact]
    public void Check_LibraryOlderThanBuiltAgainst_MattersOnlyWhereSomethingIsMissing()
    {
        using var folder = new TestFolder();
        var library = new TestImage("Lib", "1.0.0.0");
        library.Class("Lib", "Thing", TypeAttributes.Public, library.Object, [], () => library.Method("Old", MethodAttributes.Public | MethodAttributes.Static, r => r.Void()));
        library.Write(folder.Path);

        Assert.Empty(Uses("Old"));
        TestFolder.AssertOne(Uses("New"), Where, "needs Lib.Thing.New(), which the Lib 1.0.0.0 in the plugin's folder does not have");

        IReadOnlyList<ValidationIssue> Uses(string method)
        {
            var image = new TestImage().WithAdapter();
            image.Calls(image.Type("Lib", "2.0.0.0", "Lib", "Thing"), method, isStatic: true, r => r.Void());
            image.Write(folder.Path);
            return folder.Check().Errors;
        }
    }
}
