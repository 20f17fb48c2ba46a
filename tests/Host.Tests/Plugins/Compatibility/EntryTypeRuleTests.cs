using System.Reflection;
using System.Reflection.Metadata;

namespace IntegrationHub.Host.Tests.Plugins.Compatibility;

public sealed class EntryTypeRuleTests
{
    private const string Where = "/entry/type";

    [Theory]
    [InlineData("Made.adapter", "Did you mean 'Made.Adapter'?")]
    [InlineData("Adapter", "Did you mean 'Made.Adapter'?")]
    [InlineData("Other.Thing", "Write the full name, with its namespace.")]
    public void Check_TypeThatIsNotThere_SuggestsTheNearest(string type, string hint)
    {
        var errors = TestFolder.Check(new TestImage().WithAdapter(), type).Errors;

        TestFolder.AssertOne(errors, Where, $"'Made.dll' has no class '{type}'");
        Assert.Equal(hint, errors[0].Hint);
    }

    [Theory]
    [InlineData(TypeAttributes.NotPublic, "is not public")]
    [InlineData(TypeAttributes.Public | TypeAttributes.Abstract, "cannot be created")]
    [InlineData(TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Interface, "cannot be created")]
    public void Check_ClassThatTheHostCannotCreate_SaysWhy(TypeAttributes attributes, string says)
    {
        var image = new TestImage();
        Adapter(image, attributes, () => image.Constructor());

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, says);
    }

    [Fact]
    public void Check_GenericClass_CannotBeCreated()
    {
        var image = new TestImage();
        image.MakeGeneric(Adapter(image, TypeAttributes.Public, () => image.Constructor()));

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "cannot be created");
    }

    [Fact]
    public void Check_Struct_CannotBeCreated()
    {
        var image = new TestImage();
        var valueType = image.Type("System.Runtime", "10.0.0.0", "System", "ValueType");
        image.Class("Made", "Adapter", TypeAttributes.Public | TypeAttributes.Sealed, valueType, [image.ContractType("IProviderAdapter")], () => image.AdapterMethods());

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "cannot be created");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("private")]
    [InlineData("with a parameter")]
    public void Check_NoPublicConstructorWithoutParameters_SaysSo(string constructor)
    {
        var image = new TestImage();
        Adapter(image, TypeAttributes.Public, () =>
        {
            if (constructor == "private")
                image.Constructor(MethodAttributes.Private);
            else if (constructor == "with a parameter")
                image.Constructor(MethodAttributes.Public, p => p.String());
        });

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "no public constructor without parameters");
    }

    [Theory]
    [InlineData(TypeAttributes.Public, TypeAttributes.NestedPublic, true)]
    [InlineData(TypeAttributes.NotPublic, TypeAttributes.NestedPublic, false)]
    [InlineData(TypeAttributes.Public, TypeAttributes.NestedPrivate, false)]
    [InlineData(TypeAttributes.Public, TypeAttributes.NestedFamily, false)]
    public void Check_NestedClass_MustBePublicAllTheWay(TypeAttributes outer, TypeAttributes inner, bool isFine)
    {
        var image = new TestImage();
        var outerType = image.Class("Made", "Outer", outer, image.Object, []);
        image.Nest(Adapter(image, inner, () => image.Constructor(), space: ""), outerType);

        var errors = TestFolder.Check(image, "Made.Outer+Adapter").Errors;

        if (isFine)
            Assert.Empty(errors);
        else
            TestFolder.AssertOne(errors, Where, "is not public");
    }

    [Fact]
    public void Check_SeveralThingsWrong_AreAllSaid()
    {
        var image = new TestImage();
        image.Class("Made", "Adapter", TypeAttributes.NotPublic, image.Object, []);
        image.Type("Absent", "1.0.0.0", "A", "B");

        var errors = TestFolder.Check(image).Errors;

        Assert.Equal(4, errors.Count);
        TestFolder.AssertSome(errors, Where, "is not public");
        TestFolder.AssertSome(errors, Where, "no public constructor");
        TestFolder.AssertSome(errors, Where, "does not implement IntegrationHub.Adapters.IProviderAdapter");
        TestFolder.AssertSome(errors, "/entry/assembly", "Absent");
    }

    [Fact]
    public void Check_InterfaceThroughABaseClassInALibrary_IsFound()
    {
        using var folder = new TestFolder();
        var library = new TestImage("Lib");
        library.Class("Lib", "Base", TypeAttributes.Public, library.Object, [library.ContractType("IProviderAdapter")], () =>
        {
            library.Constructor();
            library.AdapterMethods();
        });
        library.Write(folder.Path);
        var image = new TestImage();
        image.Class("Made", "Adapter", TypeAttributes.Public, image.Type("Lib", "1.0.0.0", "Lib", "Base"), [], () => image.Constructor());
        image.Write(folder.Path);

        Assert.Empty(folder.Check().Errors);
    }

    [Fact]
    public void Check_CopyOfTheContractInALibrary_IsNamed()
    {
        using var folder = new TestFolder();
        var library = new TestImage("Lib");
        library.Class("IntegrationHub.Adapters", "IProviderAdapter", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Interface, default, []);
        library.Write(folder.Path);
        var image = new TestImage();
        image.Class("Made", "Adapter", TypeAttributes.Public, image.Object, [image.Type("Lib", "1.0.0.0", "IntegrationHub.Adapters", "IProviderAdapter")], () => image.Constructor());
        image.Write(folder.Path);

        TestFolder.AssertOne(folder.Check().Errors, Where, "private copy of IntegrationHub.Adapters.IProviderAdapter", "from Lib");
    }

    private static TypeDefinitionHandle Adapter(TestImage image, TypeAttributes attributes, Action constructor, string space = "Made") =>
        image.Class(space, "Adapter", attributes, image.Object, [image.ContractType("IProviderAdapter")], () =>
        {
            constructor();
            image.AdapterMethods();
        });
}
